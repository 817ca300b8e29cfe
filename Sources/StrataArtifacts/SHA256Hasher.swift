import CCrypto
import StrataCore

/// SHA-256 (FIPS 180-4) of bytes as they come, by libcrypto.
@safe struct SHA256Hasher: ~Copyable {
  private let context: OpaquePointer

  init() {
    guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto has no memory or no SHA-256")
    }
    unsafe self.context = context
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  consuming func finish() -> ArtifactDigest {
    var digest = [UInt8](repeating: 0, count: 32)
    guard unsafe EVP_DigestFinal_ex(context, &digest, nil) == 1, let digest = ArtifactDigest(bytes: digest) else {
      preconditionFailure("a SHA-256 has 32 bytes")
    }
    return digest
  }
}

import CCurl
import Glibc
import StrataCore
import StrataRuntime

/// One easy handle of libcurl, with its connection. Used by one thread at a time.
@safe final class CurlHandle: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  private static let isInitialized = strata_curl_global_init() == CURLE_OK

  init() {
    guard Self.isInitialized, let handle = unsafe curl_easy_init() else {
      preconditionFailure("libcurl could not be set up: there is no memory")
    }
    unsafe pointer = handle
  }

  deinit { unsafe curl_easy_cleanup(pointer) }

  /// Forgets every option, and keeps the connection.
  func reset() { unsafe curl_easy_reset(pointer) }

  func set(_ option: CURLoption, _ value: Int) { unsafe strata_curl_set_number(pointer, option, value) }
  func set(_ option: CURLoption, _ value: String) { unsafe strata_curl_set_text(pointer, option, value) }
  func set(_ option: CURLoption, _ value: Duration) { set(option, Int(value.nanoseconds / 1_000_000)) }
}

/// What a request's body is read from.
final class UploadSource {
  let size: Int
  private let bytes: [UInt8]
  private let file: Int32?
  private var offset = 0

  init?(_ body: ClientRequest.Body) throws(ClientError) {
    switch body {
    case .none: return nil
    case .bytes(let bytes, _):
      self.bytes = bytes
      file = nil
      size = bytes.count
    case .file(let path, _):
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .local(.system("read \(path)")) }
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw .local(.system("read \(path)", errorNumber: EISDIR))
      }
      bytes = []
      file = descriptor
      size = Int(status.st_size)
    }
  }

  deinit { if let file { close(file) } }

  /// Fills `buffer`; 0 at the end, nil on an error.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    let count: Int
    if let file {
      count = unsafe pread(file, buffer.baseAddress, buffer.count, off_t(offset))
    } else {
      count = min(buffer.count, bytes.count - offset)
      unsafe buffer.copyBytes(from: bytes[offset..<(offset + count)])
    }
    guard count >= 0 else { return nil }
    offset += count
    return count
  }

  func seek(to offset: Int) { self.offset = offset }
}

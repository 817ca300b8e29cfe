import StrataAPI
import StrataArtifacts
import StrataControl
import StrataCore
import StrataRuntime

/// `PUT /v1/artifacts` and `GET /v1/artifacts/{digest}`: inputs and results, known by their content.
struct ArtifactRoutes {
  let control: ControlPlane
  let store: ArtifactStore

  /// Streams the body into the store. 201 with the reference; its name is the header `Artifact-Name` or `artifact`.
  func put(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let name = request.headers["artifact-name"] ?? "artifact"
    guard Self.isPlainName(name) else {
      throw HTTPRefusal(
        .unprocessableContent, "invalid_name", "'\(name)' is not a plain file name of 1 to 255 bytes without a slash")
    }
    // What says its length and cannot be taken is refused before it is sent.
    if case .length(let bytes) = request.framing {
      try await control.disk.run { [store] () throws(StrataError) in try store.requireTakeable(bytes) }
    }
    let stored = try await store.put(stream: request.body, on: control.disk)
    try await control.recordArtifact(stored.digest, sizeBytes: Int64(stored.size), tenant: tenant)
    let reference = ArtifactReference(name: name, digest: stored.digest, sizeBytes: Int64(stored.size))
    return try .json(reference, status: .created)
  }

  /// Sends the file, or the part that `Range` names, by the kernel. What the tenant does not own is not found.
  ///
  /// - Parameter tenant: nil for an operator, who may read everybody's.
  func get(_ digest: ArtifactDigest, _ request: HTTPRequest, tenant: TenantID?) async throws -> HTTPResponse {
    var isReadable = true
    if let tenant { isReadable = try await control.owns(digest, tenant: tenant) }
    guard isReadable,
      let (path, size) = await control.disk.run({ [store] in store.file(of: digest) })
    else {
      throw HTTPRefusal(.notFound, "not_found", "there is no artifact \(digest) of this tenant")
    }
    let tag = "\"\(digest.hexadecimal)\""
    // Also as the digest is written everywhere else.
    let known = request.headers.values(of: "if-none-match")
    if known.contains(where: { Self.matches(tag, $0) || Self.matches("\"\(digest)\"", $0) }) {
      return Self.unchanged(tag)
    }
    let range = HTTPByteRange(header: request.headers["range"], length: size)
    var response = HTTPResponse(.ok, contentType: "application/octet-stream", body: .empty)
    Self.describe(&response, tag)
    if let contentRange = range.contentRange(length: size) {
      response.headers.append("content-range", contentRange)
    }
    switch range {
    case .whole: response.body = .file(path: path, offset: 0, length: size)
    case .part(let offset, let length):
      response.status = .partialContent
      response.body = .file(path: path, offset: offset, length: length)
    case .unsatisfiable:
      let refusal = HTTPRefusal(.rangeNotSatisfiable, "range_not_satisfiable", "the artifact has \(size) bytes")
      response = .problem(refusal)
      response.headers.append("content-range", "bytes */\(size)")
    }
    return response
  }

  /// RFC 9110, section 13.1.2: a list of tags, compared weakly, or `*` for anything.
  private static func matches(_ tag: String, _ header: String) -> Bool {
    header.split(separator: ",").contains { listed in
      let listed = listed.filter { $0 != " " && $0 != "\t" }
      return listed == "*" || listed == tag || listed == "W/" + tag
    }
  }

  private static func unchanged(_ tag: String) -> HTTPResponse {
    var response = HTTPResponse(.notModified)
    describe(&response, tag)
    return response
  }

  /// The content under a digest never changes.
  private static func describe(_ response: inout HTTPResponse, _ tag: String) {
    response.headers.append("accept-ranges", "bytes")
    response.headers.append("etag", tag)
    response.headers.append("cache-control", "private, immutable, max-age=31536000")
  }

  static func isPlainName(_ name: String) -> Bool {
    (1...255).contains(name.utf8.count) && name != "." && name != ".."
      && !name.utf8.contains { $0 == 0x2F || $0 < 0x20 || $0 == 0x7F }
  }
}

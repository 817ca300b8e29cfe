import Foundation

/// Real traces beside the repository, which are not part of it. Tests that need them say loudly when they are absent.
enum SharedTraces {
  private static let folder: String? = {
    if let given = ProcessInfo.processInfo.environment["STRATA_SHARED_DATA"] { return given }
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    // A work tree may lie one folder deeper than the repository itself.
    return ["\(root)/../shared/data", "\(root)/../../shared/data"].first(where: FileManager.default.fileExists)
  }()

  static var isAbsent: Bool {
    if kthSP2 == nil { print("SKIPPED: no traces beside the repository (set STRATA_SHARED_DATA)") }
    return kthSP2 == nil
  }

  /// Eleven months of an IBM SP2 with 100 processors.
  static let kthSP2: [UInt8]? = folder.flatMap { FileManager.default.contents(atPath: "\($0)/traces/kth_sp2.swf") }
    .map { [UInt8]($0) }
}

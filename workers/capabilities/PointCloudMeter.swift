import PointClouds
import StrataCore
import StrataWorker

/// A capability on point clouds: paid for by the points that it works on.
protocol PointCloudHandler: MeteredHandler {}

extension PointCloudHandler {
  /// The points of all inputs that are scans. A part of the work on one comes to fewer, as does what puts parts together.
  func bound(_ parameters: Parameters, _ inputs: [InputFile], awaited: [String]) -> UnitBound? {
    scanBound(parameters, inputs, awaited: awaited)
  }

  /// - Returns: nil where a scan does not say it, as one that is damaged, or is yet to be made.
  func scanBound(_ parameters: Parameters, _ inputs: [InputFile], awaited: [String]) -> UnitBound? {
    guard awaited.allSatisfy(isOfPart) else { return nil }
    let scans = inputs.prefix(1) + inputs.dropFirst().filter { !isOfPart($0.name) }
    let part = try? parameters.part("part")
    var (most, isExact) = (Int64(0), scans.count == inputs.count && awaited.isEmpty && part == nil)
    for scan in scans {
      do throws(PointCloudError) {
        let count = try PointCount(ofFile: scan.path, named: scan.name)
        most = most.addingUpToMax(Int64(part?.pointsMax(of: count.most) ?? count.most))
        isExact = isExact && count.isExact
      } catch {
        // An orthophoto, or what will fail.
        guard error.code == .unsupported else { return nil }
      }
    }
    return UnitBound(most, isExact: isExact)
  }

  /// Whether an input is, by its name, what a part has found, whose points are paid for.
  private func isOfPart(_ name: String) -> Bool { definition.parts != nil && name.hasSuffix(".tiles") }
}

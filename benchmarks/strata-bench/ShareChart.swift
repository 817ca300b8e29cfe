import Foundation

/// Shares over time as an SVG: measured ones solid, ideal ones dashed, on a light or a dark page.
struct ShareChart {
  struct Point {
    let seconds: Double
    /// 0…1.
    let share: Double
  }

  struct Line {
    let name: String
    let measured: [Point]
    let ideal: [Point]
  }

  let title: String
  let subtitle: String
  let horizontal: String
  let vertical: String
  let lines: [Line]
  /// Where the horizontal axis ends, seconds.
  let end: Double

  private static let (width, height) = (960.0, 600.0)
  private static let (left, right, top, bottom) = (76.0, 936.0, 84.0, 416.0)

  /// After M. Okabe and K. Ito, "Color Universal Design" (2008): told apart whatever colours one sees. The first of a pair
  /// is for a light page, the other for a dark one.
  private static let colours = [
    ("#0072b2", "#56b4e9"), ("#b35900", "#e69f00"), ("#007a5a", "#2ccf9f"), ("#b0307c", "#e892c5"),
    ("#5b5b5b", "#f0e442"),
  ]

  var svg: String {
    let parts = axes + lines.indices.map(curve) + lines.indices.map(mark) + lines.indices.map(legend)
    return ([head, style, frame] + parts + ["</svg>", ""]).joined(separator: "\n")
  }

  private var head: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img">
    <title>\(title)</title>
    <desc>\(subtitle)</desc>
    """
  }

  private var style: String {
    func rules(_ isDark: Bool) -> String {
      let (page, ink, faint, grid) =
        isDark ? ("#0d1117", "#e6edf3", "#9da7b1", "#30363d") : ("#ffffff", "#1f2328", "#59636e", "#d8dee4")
      let lines = Self.colours.enumerated().map { index, pair in
        let colour = isDark ? pair.1 : pair.0
        return ".c\(index){stroke:\(colour)}.m\(index){fill:\(colour)}"
      }
      return ".page{fill:\(page)}text{fill:\(ink)}.faint{fill:\(faint)}.grid{stroke:\(grid)}.mark{stroke:\(page)}"
        + lines.joined()
    }
    return """
      <style>
      text{font:15px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
      .title{font-size:21px;font-weight:600}
      .mark{font-size:17px;font-weight:700;text-anchor:middle;stroke-width:4;paint-order:stroke}.grid{stroke-width:1}
      .line{fill:none;stroke-width:2.6;stroke-linejoin:round}
      .ideal{fill:none;stroke-width:1.6;stroke-dasharray:5 4;opacity:.75}
      \(rules(false))
      @media (prefers-color-scheme:dark){\(rules(true))}
      </style>
      """
  }

  private var frame: String {
    """
    <rect class="page" width="100%" height="100%" rx="8"/>
    <text class="title" x="\(Int(Self.left))" y="36">\(title)</text>
    <text class="faint" x="\(Int(Self.left))" y="62">\(subtitle)</text>
    """
  }

  /// The greatest share, rounded up to a fifth.
  private var highest: Double {
    let shares = lines.flatMap { $0.measured + $0.ideal }.map(\.share)
    return min(1, ((shares.max() ?? 1) * 5).rounded(.up) / 5)
  }

  private func x(_ seconds: Double) -> Double { Self.left + seconds / end * (Self.right - Self.left) }

  private func y(_ share: Double) -> Double { Self.bottom - share / highest * (Self.bottom - Self.top) }

  private var axes: [String] {
    let rows = stride(from: 0, through: highest + 1e-9, by: 0.1).flatMap { share in
      [
        String(
          format: "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>", Self.left, y(share), Self.right),
        String(
          format: "<text class=\"faint\" text-anchor=\"end\" x=\"%.0f\" y=\"%.1f\">%.0f %%</text>", Self.left - 10,
          y(share) + 5, share * 100),
      ]
    }
    let columns = stride(from: 0, through: end, by: end / 10).map { seconds in
      String(
        format: "<text class=\"faint\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.0f\">%.0f</text>", x(seconds),
        Self.bottom + 24, seconds)
    }
    let middle = (Self.left + Self.right) / 2
    let names = [
      String(
        format: "<text text-anchor=\"middle\" x=\"%.0f\" y=\"%.0f\">%@</text>", middle, Self.bottom + 50, horizontal),
      String(
        format: "<text text-anchor=\"middle\" transform=\"translate(20 %.0f) rotate(-90)\">%@</text>",
        (Self.top + Self.bottom) / 2, vertical),
    ]
    return rows + columns + names
  }

  private func path(_ points: [Point]) -> String {
    points.enumerated().map { index, point in
      String(format: "%@%.1f %.1f", index == 0 ? "M" : "L", x(point.seconds), y(point.share))
    }.joined()
  }

  private func curve(_ index: Int) -> String {
    """
    <path class="ideal c\(index)" d="\(path(lines[index].ideal))"/>
    <path class="line c\(index)" d="\(path(lines[index].measured))"/>
    """
  }

  /// The first letter of its name, on the line, in the middle of the time in which the ideal one is there.
  private func mark(_ index: Int) -> String {
    let present = lines[index].ideal.indices.filter { lines[index].ideal[$0].share > 0.05 }
    guard let middle = present.dropFirst(present.count / 2).first else { return "" }
    let point = lines[index].measured[middle]
    return String(
      format: "<text class=\"mark m%d\" x=\"%.1f\" y=\"%.1f\">%@</text>", index, x(point.seconds), y(point.share) - 10,
      String(lines[index].name.prefix(1)))
  }

  /// In two columns below the axis.
  private func legend(_ index: Int) -> String {
    let (x, y) = (Self.left + Double(index % 2) * 430, Self.bottom + 84 + Double(index / 2) * 28)
    return String(
      format: "<path class=\"line c%d\" d=\"M%.0f %.0fh26\"/><text x=\"%.0f\" y=\"%.0f\">%@</text>", index, x, y - 5,
      x + 36, y, lines[index].name)
  }
}

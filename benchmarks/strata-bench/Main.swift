@main
struct Main {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "http" { try await HTTPBenchmark.run(arguments: Array(arguments.dropFirst())) }
  }
}

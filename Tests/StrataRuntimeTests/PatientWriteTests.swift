import Glibc
import StrataRuntime
import Testing

@Suite(.timeLimit(.minutes(1))) struct PatientWriteTests {
  /// As standard output is where a program that shares its terminal has made it non-blocking.
  @Test func allIsWrittenThoughTheOtherSideIsSlow() async throws {
    let (read, write) = try Descriptor.pipe()
    try write.makeNonblocking()
    let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 / 7) }
    // A pipe holds far less: before anybody reads, there is no room left.
    let (readings, reading) = AsyncStream.makeStream(of: [UInt8].self)
    try Thread.start(name: "slow-reader") {
      var (all, part): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 4_096))
      while true {
        let count = Glibc.read(read.raw, &part, part.count)
        if count <= 0 { break }
        all += part.prefix(count)
      }
      reading.yield(all)
    }
    #expect(Descriptor.writePatiently(bytes, to: write.raw) == 0)
    write.close()
    #expect(await readings.first { _ in true } == bytes)
  }

  @Test func whatCannotBeWrittenIsSaid() throws {
    let (read, write) = try Descriptor.pipe()
    #expect(Descriptor.writePatiently([1], to: read.raw) == EBADF)
    Signals.ignoreBrokenPipes()
    read.close()
    #expect(Descriptor.writePatiently([1], to: write.raw) == EPIPE)
    #expect(Descriptor.writePatiently([], to: -1) == 0)
  }
}

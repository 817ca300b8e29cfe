import StrataCore
import StrataQueue
import Testing

@Suite struct EndpointTests {
  @Test(arguments: [
    ("redis://localhost", RedisEndpoint(.tcp(host: "localhost", port: 6379))),
    ("redis://10.0.0.1:7000/3", RedisEndpoint(.tcp(host: "10.0.0.1", port: 7000), database: 3)),
    ("redis://:p%40ss@h:1", RedisEndpoint(.tcp(host: "h", port: 1), password: "p@ss")),
    ("redis://me:secret@[::1]:7/", RedisEndpoint(.tcp(host: "::1", port: 7), user: "me", password: "secret")),
    ("unix:///run/redis.sock", RedisEndpoint(.unix(path: "/run/redis.sock"))),
    ("unix:///run/a%20b.sock?db=2", RedisEndpoint(.unix(path: "/run/a b.sock"), database: 2)),
  ])
  func addressesAreRead(_ url: String, _ expected: RedisEndpoint) throws {
    #expect(try RedisEndpoint(url: url) == expected)
  }

  @Test(arguments: [
    "", "localhost", "http://h", "redis://", "redis://h:", "redis://h:99999", "redis://h/x", "redis://nocolon@h",
    "unix://relative", "unix:///s?x=1", "redis://:%zz@h", "redis://[::1",
  ])
  func othersAreRefused(_ url: String) {
    #expect(throws: StrataError.self) { _ = try RedisEndpoint(url: url) }
  }

  @Test func aRefusalDoesNotShowThePassword() {
    let error = #expect(throws: StrataError.self) { _ = try RedisEndpoint(url: "redis://:secret@h:x") }
    #expect(error.map { !$0.description.contains("secret") } ?? false)
  }
}

import StrataCore
import StrataQueue
import Testing

@Suite struct EndpointTests {
  @Test(arguments: [
    ("redis://localhost", RedisEndpoint(.tcp(host: "localhost", port: 6379))),
    ("redis://10.0.0.1:7000/3", RedisEndpoint(.tcp(host: "10.0.0.1", port: 7000), database: 3)),
    ("redis://:p%40ss@h:1", RedisEndpoint(.tcp(host: "h", port: 1), login: RedisLogin(password: "p@ss"))),
    (
      "redis://me:secret@[::1]:7/",
      RedisEndpoint(.tcp(host: "::1", port: 7), login: RedisLogin(user: "me", password: "secret"))
    ),
    ("unix:///run/redis.sock", RedisEndpoint(.unix(path: "/run/redis.sock"))),
    ("unix:///run/a%20b.sock?db=2", RedisEndpoint(.unix(path: "/run/a b.sock"), database: 2)),
    ("redis-sentinel://h/m", RedisEndpoint(.master("m", of: RedisSentinels([.tcp(host: "h", port: 26_379)])))),
    (
      "redis+sentinel://me:p%2Fw@a:1,[::1]:2,c/my%20master/3?sentinel_username=s&sentinel_password=x%26y",
      RedisEndpoint(
        .master(
          "my master",
          of: RedisSentinels(
            [.tcp(host: "a", port: 1), .tcp(host: "::1", port: 2), .tcp(host: "c", port: 26_379)],
            login: RedisLogin(user: "s", password: "x&y"))), login: RedisLogin(user: "me", password: "p/w"), database: 3
      )
    ),
  ])
  func addressesAreRead(_ url: String, _ expected: RedisEndpoint) throws {
    #expect(try RedisEndpoint(url: url) == expected)
  }

  @Test(arguments: [
    "", "localhost", "http://h", "redis://", "redis://h:", "redis://h:99999", "redis://h/x", "redis://nocolon@h",
    "unix://relative", "unix:///s?x=1", "redis://:%zz@h", "redis://[::1", "redis-sentinel://h", "redis-sentinel://h/",
    "redis-sentinel:///m", "redis-sentinel://a,,b/m", "redis-sentinel://h:x/m", "redis-sentinel://h/m/x",
    "redis-sentinel://h/m?sentinel_username=only", "redis-sentinel://h/m?other=1",
    "redis-sentinel://h/m?sentinel_password=",
  ])
  func othersAreRefused(_ url: String) {
    #expect(throws: StrataError.self) { _ = try RedisEndpoint(url: url) }
  }

  @Test(arguments: [
    "redis-sentinel://:secret@a,b:1", "redis+sentinel://a/", "redis-sentinel://a?sentinel_password=secret",
  ])
  func sentinelsWithoutAMasterAreToldWhatIsMissing(_ url: String) {
    let error = #expect(throws: StrataError.self) { _ = try RedisEndpoint(url: url) }
    #expect(error?.message.contains("not the master that they are to be asked for") == true)
    #expect(error?.remedy?.contains("sentinel monitor") == true)
    #expect(error?.description.contains("secret") == false)
  }

  @Test(arguments: [
    "redis://:secret@h:x", "redis-sentinel://:secret@h/m?sentinel_password=secret&x=1",
    "redis-sentinel://h/m/x?sentinel_password=a@secret",
  ])
  func aRefusalDoesNotShowThePassword(_ url: String) {
    let error = #expect(throws: StrataError.self) { _ = try RedisEndpoint(url: url) }
    #expect(error.map { !$0.description.contains("secret") && $0.remedy != nil } ?? false)
  }

  @Test func anEndpointIsTold() throws {
    for url in ["redis://[::1]:7/1", "unix:///run/s?db=0", "redis-sentinel://a:1,b:2/m/3"] {
      #expect(try RedisEndpoint(url: url).description == url)
    }
    let endpoint = try RedisEndpoint(url: "redis-sentinel://:secret@a/m?sentinel_password=secret")
    #expect(endpoint.description == "redis-sentinel://a:26379/m/0")
  }
}

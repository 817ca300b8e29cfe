import Glibc
import StrataCore
import StrataRuntime

/// The servers that the embedded stack is made of, and who may run them.
extension Doctor {
  func redis() async -> Check {
    let name = "redis-server"
    guard let path = Environment.find(name) else {
      return Check(name, .fail, found: "not installed", remedy: "\(Self.install), or apt-get install redis-server")
    }
    guard let text = try? await Command.output(path, ["--version"]), let version = Self.redisVersion(text) else {
      return Check(name, .fail, found: "\(path) does not say its version", remedy: "apt-get install redis-server")
    }
    let major = version.prefix { $0 != "." }
    guard (Int(major) ?? 0) >= EmbeddedRedis.versionMajorMin else {
      return Check(
        name, .fail, found: "\(version) at \(path)", remedy: "install version \(EmbeddedRedis.versionMajorMin) or later"
      )
    }
    return Check(name, .ok, found: "\(version) at \(path)")
  }

  /// From "Redis server v=7.0.15 sha=…".
  package static func redisVersion(_ text: String) -> String? {
    let field = text.split(separator: " ").first { $0.hasPrefix("v=") }
    return field.map { String($0.dropFirst(2)) }
  }

  func postgres() async -> Check {
    let data = dataDirectory + "/postgres/data"
    do throws(StrataError) {
      let all = await PostgreSQLInstallation.all()
      let chosen = try PostgreSQLInstallation.choose(from: all, dataVersion: PostgreSQLCluster.version(of: data))
      return Check("postgres", .ok, found: "\(chosen.versionMajor) in \(chosen.binaries)")
    } catch {
      return Check("postgres", .fail, found: error.message, remedy: error.remedy)
    }
  }

  func serverUser() -> Check {
    let name = "user for postgres"
    do throws(StrataError) {
      let owner = try PostgreSQLOwner.choose()
      return Check(name, .ok, found: owner.user.map { "\($0.name), since you are root" } ?? "yourself")
    } catch {
      return Check(name, .fail, found: error.message, remedy: error.remedy)
    }
  }

  /// Programs that only some things need.
  func missingPrograms() async -> Check {
    let name = "optional programs"
    let uses = [("python3", "python capabilities, the demo's input"), ("curl", "examples"), ("psql", "looking inside")]
    let missing = uses.filter { Environment.find($0.0) == nil }
    if missing.isEmpty { return Check(name, .ok, found: uses.map(\.0).joined(separator: ", ")) }
    let text = missing.map { "\($0.0) (for \($0.1))" }.joined(separator: ", ")
    return Check(name, .warn, found: "without \(text)", remedy: Self.install)
  }
}

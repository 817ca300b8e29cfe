import StrataAPI
import StrataCore

extension Command {
  static let keys = Command(
    name: "keys", arguments: "[list | create NAME | revoke KEY]", argumentsMax: 2,
    summary: "List, make and revoke API keys",
    details: """
      list    the keys, oldest first; none shows its secret
      create  makes one and prints its secret, this once: it is kept nowhere
      revoke  makes one useless at once; KEY is its identifier or the beginning of its secret, as the list shows them.
              The last valid key of a tenant is kept unless --force is given: the next 'strata up' then makes another one
              for the stack's first tenant
      """,
    options: [
      .option("tenant", "NAME", "whose keys, for operators [your own]"),
      .flag("force", "revoke the last valid key too (revoke)"), .dataDirectory, .json,
    ],
    run: { arguments in
      let action = KeysAction(server: try Server(arguments), arguments: arguments)
      return switch (arguments.positional.first ?? "list", arguments.positional.count) {
      case ("list", 0...1): try await action.list()
      case ("create", 2): try await action.create(arguments.positional[1])
      case ("revoke", 2): try await action.revoke(arguments.positional[1])
      default: throw UsageError("expected 'list', 'create NAME' or 'revoke KEY'", command: "keys")
      }
    })
}

/// The actions of `strata keys`.
struct KeysAction {
  let server: Server
  let arguments: Arguments

  private var asJSON: Bool { arguments.has("json") }
  private var query: [(name: String, value: String)] { arguments.query("tenant") }

  private func keys() async throws -> [KeyView] {
    let page: Page<KeyView> = try await server.get("/v1/keys", query: query)
    return page.items
  }

  func list() async throws -> ExitStatus {
    let keys = try await keys()
    if asJSON {
      Terminal.print(try JSONText.of(items: keys))
      return .done
    }
    var table = Table("KEY", "NAME", "BEGINS", "CREATED (UTC)", "STATE")
    for key in keys {
      let state = key.revokedAt.map { "revoked \($0.prefix(19))" } ?? (key.isCurrent ? "valid, used here" : "valid")
      table.add(key.id.description, key.name, key.prefix, String(key.createdAt.prefix(19)), state)
    }
    Terminal.print(table, none: "no keys")
    return .done
  }

  func create(_ name: String) async throws -> ExitStatus {
    let key: KeyView = try await server.post("/v1/keys", KeyRequest(name: name), query: query)
    if asJSON {
      Terminal.print(try JSONText.of(key))
    } else {
      Terminal.note("strata: made key \(key.id); its secret is shown this once and kept nowhere:")
      Terminal.print(key.secret ?? "")
    }
    return .done
  }

  func revoke(_ text: String) async throws -> ExitStatus {
    let id = try await identifier(of: text)
    let force = arguments.has("force") ? [(name: "force", value: "true")] : []
    let key: KeyView = try await server.delete("/v1/keys/\(id)", query: query + force)
    Terminal.print(asJSON ? try JSONText.of(key) : "key \(key.id) (\(key.name)) is revoked")
    if key.isCurrent {
      Terminal.note(
        "strata: it was the key of this command; the next ones need another in STRATA_API_KEY, or a restart of the"
          + " stack, which makes one where its file holds none that is valid")
    }
    return .done
  }

  /// A key is named by its identifier or by the beginning of its secret, as far as the list shows it.
  private func identifier(of text: String) async throws -> KeyID {
    if let id = KeyID(text) { return id }
    let named = try await keys().filter { $0.prefix == text }
    guard let first = named.first else {
      throw StrataError(.notFound, "there is no key '\(text)'", remedy: "'strata keys' lists them")
    }
    guard named.count == 1 else {
      let all = named.map(\.id.description).joined(separator: ", ")
      throw StrataError(.invalidInput, "several keys begin with '\(text)': \(all)", remedy: "name one of them")
    }
    return first.id
  }
}

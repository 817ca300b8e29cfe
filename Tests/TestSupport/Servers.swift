// Tests have their servers from here, wherever those are shared.
@_exported public import ServerFixtures

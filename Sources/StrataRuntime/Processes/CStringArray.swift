import Glibc

/// A NULL-terminated array of C strings, as execve(2) takes them.
@unsafe final class CStringArray {
  let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    let copies = unsafe strings.map { unsafe strdup($0) } + [nil]
    unsafe pointer = .allocate(capacity: copies.count)
    unsafe pointer.initialize(from: copies, count: copies.count)
    unsafe count = strings.count
  }

  deinit {
    for index in unsafe 0..<count { unsafe free(pointer[index]) }
    unsafe pointer.deallocate()
  }
}

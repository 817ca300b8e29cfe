/// A column of values that several threads fill, each of them its own places: two may not write to one place.
@safe public final class SharedColumn<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  public let count: Int
  @usableFromInline let base: UnsafeMutablePointer<Element>

  @inlinable public init(repeating value: Element, count: Int) {
    self.count = count
    unsafe base = .allocate(capacity: count)
    unsafe base.initialize(repeating: value, count: count)
  }

  deinit { unsafe base.deallocate() }

  @inlinable public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return unsafe base[index]
    }
    set {
      precondition(index >= 0 && index < count)
      unsafe base[index] = newValue
    }
  }

  /// A copy, once nobody writes any more.
  @inlinable public var values: [Element] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }
}

import Glibc

/// The memory of one decoder's models, and the list of those to set back at the start of a chunk.
@safe final class ModelArena {
  private var blocks = unsafe [UnsafeMutableRawPointer]()
  private var symbols: [AdaptiveSymbols] = []
  private var bits: [AdaptiveBit] = []
  private var families: [ModelFamily] = []
  /// For each number of symbols a model that is never used, which others are set back to: setting one up takes longer.
  private var unused: [Int: AdaptiveSymbols] = [:]

  deinit { unsafe blocks.forEach { unsafe free($0) } }

  /// Zeroed words. Exhausted memory stops the process here: they are at most a few megabytes.
  private func words(_ count: Int) -> UnsafeMutablePointer<UInt32> {
    guard let block = unsafe calloc(count, 4) else { fatalError("no memory for \(4 * count) bytes of models") }
    unsafe blocks.append(block)
    return unsafe block.bindMemory(to: UInt32.self, capacity: count)
  }

  /// Room for `count` values, each `initial`.
  func values<Value: BitwiseCopyable>(_ count: Int, _ initial: Value) -> UnsafeMutablePointer<Value> {
    let wordCount = (count * MemoryLayout<Value>.stride + 3) / 4
    let pointer = unsafe UnsafeMutableRawPointer(words(wordCount)).bindMemory(to: Value.self, capacity: count)
    unsafe pointer.initialize(repeating: initial, count: count)
    return unsafe pointer
  }

  func symbolModel(_ count: Int) -> AdaptiveSymbols {
    _ = unusedModel(count)
    let shape = SymbolShape(count: count)
    let model = unsafe AdaptiveSymbols(words(shape.wordCount), shape)
    symbols.append(model)
    return model
  }

  private func unusedModel(_ count: Int) -> AdaptiveSymbols {
    if let model = unused[count] { return model }
    let shape = SymbolShape(count: count)
    let model = unsafe AdaptiveSymbols(words(shape.wordCount), shape)
    model.reset()
    unused[count] = model
    return model
  }

  func bitModel() -> AdaptiveBit {
    let model = unsafe AdaptiveBit(words(AdaptiveBit.wordCount))
    bits.append(model)
    return model
  }

  /// `size` models of `count` symbols each, set up when first used.
  func family(_ size: Int, of count: Int) -> ModelFamily {
    let shape = SymbolShape(count: count)
    let words = unsafe words(size * shape.wordCount)
    let family = unsafe ModelFamily(words: words, shape: shape, size: size, unused: unusedModel(count))
    families.append(family)
    return family
  }

  /// Sets every model back to its first state.
  func reset() {
    for model in symbols { if let unused = unused[model.count] { model.reset(to: unused) } }
    for model in bits { model.reset() }
    for family in families { for index in 0..<family.size { family.model(index).forget() } }
  }
}

/// Models of one shape, chosen by a context.
@safe struct ModelFamily {
  private let words: UnsafeMutablePointer<UInt32>
  private let shape: SymbolShape
  /// The words of each.
  private let stride: Int
  let size: Int
  private let unused: AdaptiveSymbols

  fileprivate init(words: UnsafeMutablePointer<UInt32>, shape: SymbolShape, size: Int, unused: AdaptiveSymbols) {
    unsafe self.words = words
    self.shape = shape
    stride = shape.wordCount
    self.size = size
    self.unused = unused
  }

  @inline(__always) fileprivate func model(_ index: Int) -> AdaptiveSymbols {
    unsafe AdaptiveSymbols(words + index &* stride, shape)
  }

  /// The model of a context, which must be below `size`.
  @inline(__always) subscript(index: Int) -> AdaptiveSymbols {
    let model = model(index)
    if model.isFresh { model.reset(to: unused) }
    return model
  }
}

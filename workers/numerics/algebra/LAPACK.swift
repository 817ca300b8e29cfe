import CLAPACK
import Synchronization

/// Dense linear algebra by LAPACK, on the caller's thread. It may be called by many threads at once.
public struct LAPACK: Sendable {
  private let functions: strata_lapack
  private static let lock = Mutex(())

  /// Bytes of the dynamic linker's complaint.
  private static let complaintBytesMax = 500

  private static let library: Result<LAPACK, LinearAlgebraError> = {
    var table = strata_lapack()
    var complaint = [CChar](repeating: 0, count: complaintBytesMax)
    guard unsafe strata_lapack_load(&table, &complaint, Int32(complaint.count)) == 0 else {
      let reason = String(decoding: complaint.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      return .failure(.libraryMissing(reason: reason))
    }
    return .success(LAPACK(functions: table))
  }()

  /// LAPACK, which is loaded when this is first called in a process.
  ///
  /// - Throws: `libraryMissing`.
  public static func load() throws(LinearAlgebraError) -> LAPACK { try library.get() }

  /// Solves A X = B for a symmetric and positive definite A, by Cholesky's decomposition.
  ///
  /// - Parameters:
  ///   - matrix: A, row by row; only the diagonal and what lies right of it is used.
  ///   - order: the number of rows and columns, at least 1.
  ///   - sides: the columns of B one after the other, which become those of X.
  /// - Returns: whether A is positive definite, as far as rounding lets it be seen. If not, `sides` stay as they are.
  /// - Precondition: `matrix` has `order`² elements, `sides` a multiple of `order`.
  /// - Complexity: `order`³ / 3 multiplications, and twice `order`² for each side; a copy of both arrays.
  public func solve(positiveDefinite matrix: [Double], order: Int, _ sides: inout [Double]) -> Bool {
    Self.check(matrix, order, sides)
    var (size, columns, info) = (Int32(order), Int32(sides.count / order), Int32(0))
    var stride = size
    unsafe withAligned(matrix, &sides) { matrix, sides in
      // Rows of ours are columns of Fortran's.
      unsafe functions.dposv_("L", &size, &columns, matrix, &stride, sides, &stride, &info, 1)
      return info == 0
    }
    return info == 0
  }

  /// Solves A X = B for a symmetric A, by Bunch and Kaufman's decomposition.
  ///
  /// - Returns: whether A has an inverse. If not, `sides` stay as they are. A matrix that only rounding keeps from
  ///   being singular has one.
  /// - Complexity: as above, and 12 bytes for each row.
  public func solve(symmetric matrix: [Double], order: Int, _ sides: inout [Double]) -> Bool {
    Self.check(matrix, order, sides)
    var (size, columns, info) = (Int32(order), Int32(sides.count / order), Int32(0))
    var stride = size
    var pivots = [Int32](repeating: 0, count: order)
    // With room for one number in each row, LAPACK takes the way without blocks, which small systems are solved by
    // anyway.
    var room = Int32(order)
    var work = [Double](repeating: 0, count: order)
    unsafe withAligned(matrix, &sides) { matrix, sides in
      unsafe functions.dsysv_(
        "L", &size, &columns, matrix, &stride, &pivots, sides, &stride, &work, &room, &info, 1)
      return info == 0
    }
    return info == 0
  }

  /// Calls `body` with copies, and takes over the second where it answers true. They begin at multiples of 64 bytes, so
  /// that rounding cannot depend on where an array happens to lie.
  private func withAligned(
    _ matrix: [Double], _ sides: inout [Double],
    _ body: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Bool
  ) {
    let (size, padded) = (sides.count, (matrix.count + 7) & ~7)
    let room = UnsafeMutableRawPointer.allocate(
      byteCount: (padded + size) * MemoryLayout<Double>.stride, alignment: 64)
    defer { unsafe room.deallocate() }
    let left = unsafe room.bindMemory(to: Double.self, capacity: padded + size)
    let right = unsafe left + padded
    unsafe matrix.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { unsafe left.initialize(from: base, count: source.count) }
    }
    unsafe sides.withUnsafeMutableBufferPointer { target in
      guard let base = target.baseAddress else { return }
      unsafe right.initialize(from: base, count: size)
      let isSolved =
        unsafe functions.is_serial ? Self.lock.withLock { _ in unsafe body(left, right) } : body(left, right)
      if isSolved { unsafe base.update(from: right, count: size) }
    }
  }

  private static func check(_ matrix: [Double], _ order: Int, _ sides: [Double]) {
    precondition(order > 0 && order <= orderMax && matrix.count == order * order)
    precondition(sides.count.isMultiple(of: order) && sides.count / order <= Int(Int32.max))
  }

  /// Elements are counted in 32 bits.
  public static let orderMax = 46_340
}

/// Why linear algebra could not be had.
public enum LinearAlgebraError: Error, Hashable, Sendable {
  /// Neither OpenBLAS nor LAPACK can be loaded; the dynamic linker's words.
  case libraryMissing(reason: String)
}

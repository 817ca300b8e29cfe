import Numerics

extension CloudPicture {
  /// Adds the points of a cloud, or of a part of one.
  ///
  /// - Parameter values: one per point, for a picture that is coloured by value.
  /// - Throws: `unsupported` for a picture in the points' own colours, where they have none.
  /// - Precondition: `values` are given where the picture is coloured by them.
  public func add(_ cloud: PointCloud, values: [Float]? = nil, threads: Int = 1) throws(PointCloudError) {
    let (format, header) = (cloud.format, cloud.header)
    let (coloring, showsNoise) = (parameters.coloring, parameters.showsNoise)
    guard coloring != .color || format.colorOffset != nil else {
      throw PointCloudError(
        .unsupported, "points of format \(format.number) have no colours",
        remedy: "Colour the picture by height, class or intensity.")
    }
    precondition(coloring != .value || values?.count == cloud.count)
    let (records, mask) = (cloud.points, format.classMask)
    add(cloud.count, threads: threads) { index in
      let record = unsafe UnsafeRawPointer(records.block.base) + records.start + index * records.length
      let kind = unsafe record.load(fromByteOffset: format.classificationOffset, as: UInt8.self) & mask
      if !showsNoise, PointClass.isNoise(kind) { return nil }
      func coordinate(_ axis: Int, _ scale: Double, _ offset: Double) -> Double {
        unsafe Double(record.loadUnaligned(fromByteOffset: 4 * axis, as: Int32.self)) * scale + offset
      }
      var point = PicturePoint(
        x: coordinate(0, header.scale.x, header.offset.x), y: coordinate(1, header.scale.y, header.offset.y),
        z: coordinate(2, header.scale.z, header.offset.z))
      switch coloring {
      case .height: point.value = Float(point.z)
      case .classification: point.value = Float(kind)
      case .intensity: point.value = unsafe Float(record.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
      case .value: point.value = values?[index] ?? .nan
      case .color:
        let place = format.colorOffset ?? 0
        for channel in 0..<3 {
          point.color[channel] = unsafe record.loadUnaligned(fromByteOffset: place + 2 * channel, as: UInt16.self)
        }
      }
      return point
    }
  }
}

extension PointCloud {
  /// Draws the cloud and writes the picture as PNG.
  ///
  /// - Parameter values: one per point, for a picture that is coloured by value.
  /// - Throws: `invalidParameter`; `empty` without points that are shown; `unsupported` for colours that there are not;
  ///   `raster`, `libraryMissing`, `fileAccess`.
  public func writePicture(
    path: String, parameters: PictureParameters = PictureParameters(), values: [Float]? = nil, threads: Int = 1
  ) throws(PointCloudError) {
    try parameters.validate()
    guard let bounds = shownBounds(showsNoise: parameters.showsNoise, threads: threads) else {
      throw PointCloudError(.empty, "there is nothing to be drawn", remedy: "Give a cloud with points.")
    }
    let picture = try CloudPicture(low: bounds.low, high: bounds.high, parameters: parameters)
    try picture.add(self, values: values, threads: threads)
    try picture.write(path: path, threads: threads)
  }

  /// What all points lie within, or all but those that are marked as noise.
  func shownBounds(showsNoise: Bool, threads: Int) -> (low: Vector3, high: Vector3)? {
    let classes = classifications(threads: threads)
    func ends(_ axis: Int, _ scale: Double, _ offset: Double) -> (low: Double, high: Double)? {
      var (low, high) = (Int32.max, Int32.min)
      for (step, kind) in zip(integers(axis: axis, threads: threads), classes)
      where showsNoise || !PointClass.isNoise(kind) {
        low = min(low, step)
        high = max(high, step)
      }
      return low <= high ? (offset + scale * Double(low), offset + scale * Double(high)) : nil
    }
    guard let x = ends(0, header.scale.x, header.offset.x), let y = ends(1, header.scale.y, header.offset.y),
      let z = ends(2, header.scale.z, header.offset.z)
    else { return nil }
    return (Vector3(x: x.low, y: y.low, z: z.low), Vector3(x: x.high, y: y.high, z: z.high))
  }
}

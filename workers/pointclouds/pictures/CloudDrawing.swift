import Numerics

extension CloudPicture {
  /// Adds the points of a cloud, or of a part of one.
  ///
  /// - Parameter values: one per point, for a picture that is coloured by value.
  /// - Throws: `unsupported` for a picture in the points' own colours, where they have none.
  /// - Precondition: `values` are given where the picture is coloured by them.
  public func add(_ cloud: PointCloud, values: [Float]? = nil, threads: Int = 1) throws(PointCloudError) {
    let (format, header) = (cloud.format, cloud.header)
    let coloring = parameters.coloring
    guard coloring != .color || format.colorOffset != nil else {
      throw PointCloudError(
        .unsupported, "points of format \(format.number) have no colours",
        remedy: "Colour the picture by height, class or intensity.")
    }
    precondition(coloring != .value || values?.count == cloud.count)
    let reader = PicturePointReader(header, parameters)
    let records = cloud.points
    add(cloud.count, threads: threads) { index in
      var point = reader.point(records, index)
      if coloring == .value { point?.value = values?[index] ?? .nan }
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

// The JSON of orders and reports that have nothing unusual, written and read by hand: `JSONEncoder` takes twenty times as long,
// and every job needs both. Whoever gets nil takes the encoder, or the decoder. A member that is new to a type is to be added
// here, or to the reasons for nil.

extension WorkOrder {
  /// Its JSON where it has only what every order has; nil where it has more.
  package var plainlyEncoded: [UInt8]? {
    guard inputs.isEmpty, retry == nil, task == nil, preemption == nil, alternatives == nil, unitsMax == nil else {
      return nil
    }
    var writer = PlainWriter(capacity: 320 + parametersJSON.utf8.count + parametersJSON.utf8.count / 4)
    writer.write(#"{"job":"\#(job)","tenant":"\#(tenant)","capability":"#)
    writer.write(string: capability)
    writer.write(#","version":\#(version),"parameters":"#)
    writer.write(string: parametersJSON)
    writer.write(#","inputs":[],"timeout_seconds":\#(timeoutSeconds),"resources":{"cpu_millicores":"#)
    writer.write(#"\#(resources.cpuMillicores),"memory_bytes":\#(resources.memoryBytes)"#)
    writer.write(#","gpu_thousandths":\#(resources.gpuThousandths)}}"#)
    return writer.bytes
  }

  /// Reads what `plainlyEncoded` writes, to the byte; nil for all else, which may be an order, too.
  package init?(plainlyEncoded bytes: [UInt8]) {
    var reader = PlainReader(bytes)
    guard reader.skip(#"{"job":"#), let job = reader.string().flatMap(JobID.init),
      reader.skip(#","tenant":"#), let tenant = reader.string().flatMap(TenantID.init),
      reader.skip(#","capability":"#), let capability = reader.string(),
      reader.skip(#","version":"#), let version = reader.integer(Int.self),
      reader.skip(#","parameters":"#), let parameters = reader.string(),
      reader.skip(#","inputs":[],"timeout_seconds":"#), let timeout = reader.integer(Int64.self),
      reader.skip(#","resources":{"cpu_millicores":"#), let cpu = reader.integer(Int64.self),
      reader.skip(#","memory_bytes":"#), let memory = reader.integer(Int64.self),
      reader.skip(#","gpu_thousandths":"#), let gpu = reader.integer(Int64.self),
      reader.skip("}}"), reader.isAtEnd
    else { return nil }
    self.init(
      job: job, tenant: tenant, capability: capability, version: version, parametersJSON: parameters, inputs: [],
      timeoutSeconds: timeout,
      resources: ResourceRequest(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu))
  }
}

extension AttemptReport {
  /// Its JSON where nothing failed, no file was left and nothing counted; nil where there is more to say.
  package var plainlyEncoded: [UInt8]? {
    guard results.isEmpty, error == nil, log == nil, usage.units == 0 else { return nil }
    var writer = PlainWriter(capacity: 160 + (summaryJSON?.utf8.count ?? 0) * 5 / 4)
    writer.write(#"{"results":[],"#)
    if let summaryJSON {
      writer.write(#""summary":"#)
      writer.write(string: summaryJSON)
      writer.write(",")
    }
    writer.write(#""usage":{"cpu_microseconds":\#(usage.cpuMicroseconds),"wall_microseconds":"#)
    writer.write(#"\#(usage.wallMicroseconds),"memory_peak_bytes":\#(usage.memoryPeakBytes)}}"#)
    return writer.bytes
  }

  /// Reads what `plainlyEncoded` writes, to the byte; nil for all else, which may be a report, too.
  package init?(plainlyEncoded bytes: [UInt8]) {
    var reader = PlainReader(bytes)
    var summary: String?
    guard reader.skip(#"{"results":[],"#) else { return nil }
    if reader.skip(#""summary":"#) {
      summary = reader.string()
      guard summary != nil, reader.skip(",") else { return nil }
    }
    guard reader.skip(#""usage":{"cpu_microseconds":"#), let cpu = reader.integer(Int64.self),
      reader.skip(#","wall_microseconds":"#), let wall = reader.integer(Int64.self),
      reader.skip(#","memory_peak_bytes":"#), let memory = reader.integer(Int64.self),
      reader.skip("}}"), reader.isAtEnd
    else { return nil }
    self.init(
      usage: AttemptUsage(cpuMicroseconds: cpu, wallMicroseconds: wall, memoryPeakBytes: memory), summaryJSON: summary)
  }
}

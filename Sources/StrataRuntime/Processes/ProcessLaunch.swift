import CLinux
import Glibc
import StrataCore

/// All that a start needs, gathered before it: the program found, the streams opened.
struct ProcessLaunch: Sendable {
  static let descriptorNumberMax: Int32 = 255

  let specification: ProcessSpecification
  let executable: String
  /// What the child's descriptors 0… become; nil leaves one closed.
  private var childEnds: [Descriptor?]
  /// Our ends of pipes, for the three standard streams.
  private(set) var parentEnds: [Descriptor?] = [nil, nil, nil]
  /// Our end of the pipe by which the child says that it is ready.
  private(set) var readiness: Descriptor?

  init(_ specification: ProcessSpecification) throws(StrataError) {
    guard
      let executable = Environment.find(specification.executable, path: specification.environment["PATH"] ?? "")
        ?? Environment.find(specification.executable)
    else {
      throw StrataError(
        .notFound, "there is no program called \(specification.executable)", remedy: "install it, or add it to PATH")
    }
    self.specification = specification
    self.executable = executable
    childEnds = [nil, nil, nil]
    try openStream(0, specification.standardInput)
    try openStream(1, specification.standardOutput)
    try openStream(2, specification.standardError)
    try addExtraDescriptors()
  }

  private mutating func openStream(_ number: Int, _ stream: ProcessSpecification.Stream) throws(StrataError) {
    let isInput = number == 0
    switch stream {
    case .inherit:
      let copy = strata_fcntl(Int32(number), F_DUPFD_CLOEXEC, 0)
      childEnds[number] = copy < 0 ? nil : Descriptor(owning: copy)
    case .null: childEnds[number] = try .open("/dev/null", O_RDWR)
    case .descriptor(let descriptor): childEnds[number] = descriptor
    case .file(let path): childEnds[number] = try .open(path, isInput ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND)
    case .pipe:
      let (read, write) = try Descriptor.pipe()
      childEnds[number] = isInput ? read : write
      let ours = isInput ? write : read
      try ours.makeNonblocking()
      parentEnds[number] = ours
    }
  }

  private mutating func addExtraDescriptors() throws(StrataError) {
    var extras = specification.extraDescriptors
    if let number = specification.readinessNumber {
      let (read, write) = try Descriptor.pipe()
      try read.makeNonblocking()
      readiness = read
      extras[number] = write
    }
    for (number, descriptor) in extras.sorted(by: { $0.key < $1.key }) {
      guard (3...Self.descriptorNumberMax).contains(number) else {
        throw StrataError(.invalidInput, "descriptor \(number) cannot be passed", remedy: "use 3 to 255")
      }
      while childEnds.count <= Int(number) { childEnds.append(nil) }
      childEnds[Int(number)] = descriptor
    }
  }

  /// Starts the child. On the keeper's thread only.
  func start() throws(StrataError) -> strata_spawned {
    var spawned = strata_spawned()
    let arguments = unsafe CStringArray([executable] + specification.arguments)
    let environment = unsafe CStringArray(specification.environment.map { "\($0.key)=\($0.value)" })
    let failure = unsafe withRequest { request in
      unsafe request.arguments = UnsafePointer(arguments.pointer)
      unsafe request.environment = UnsafePointer(environment.pointer)
      return unsafe strata_spawn(&request, &spawned)
    }
    guard failure == 0 else { throw error(failure, step: spawned.step) }
    return spawned
  }

  private func withRequest(_ body: (inout strata_spawn) -> Int32) -> Int32 {
    var descriptors = childEnds.map { $0?.raw ?? -1 }
    let groups = specification.user?.groups ?? []
    let limits = specification.resourceLimits.map { limit in
      let value = limit.value ?? UInt64.max
      return strata_resource_limit(resource: limit.resource, soft: value, hard: value)
    }
    return unsafe descriptors.withUnsafeMutableBufferPointer { descriptors in
      unsafe groups.withUnsafeBufferPointer { groups in
        unsafe limits.withUnsafeBufferPointer { limits in
          unsafe executable.withCString { executable in
            unsafe withDirectory { directory in
              var request = unsafe self.request
              unsafe request.executable = executable
              unsafe request.directory = directory
              unsafe request.descriptors = descriptors.baseAddress
              unsafe request.descriptor_count = Int32(descriptors.count)
              unsafe request.groups = groups.baseAddress
              unsafe request.group_count = Int32(groups.count)
              unsafe request.limits = limits.baseAddress
              unsafe request.limit_count = Int32(limits.count)
              return unsafe body(&request)
            }
          }
        }
      }
    }
  }

  private func withDirectory(_ body: (UnsafePointer<CChar>?) -> Int32) -> Int32 {
    guard let directory = specification.workingDirectory else { return body(nil) }
    return unsafe directory.withCString(body)
  }

  /// The parts of the request that are plain numbers.
  private var request: strata_spawn {
    var request = unsafe strata_spawn()
    if let user = specification.user {
      unsafe request.changes_user = 1
      unsafe request.user = user.user
      unsafe request.group = user.group
    }
    unsafe request.new_session = specification.startsNewSession ? 1 : 0
    unsafe request.new_process_group = specification.startsNewProcessGroup ? 1 : 0
    unsafe request.parent_death_signal = specification.parentDeathSignal
    unsafe request.nice_increment = specification.niceIncrement
    return unsafe request
  }

  private func error(_ failure: Int32, step: Int32) -> StrataError {
    let action =
      switch strata_spawn_step(UInt32(step)) {
      case STRATA_SPAWN_SESSION: "give it a session"
      case STRATA_SPAWN_LIMITS: "set its resource limits"
      case STRATA_SPAWN_NICE: "set its priority"
      case STRATA_SPAWN_USER: "switch to user \(specification.user?.name ?? "?")"
      case STRATA_SPAWN_DIRECTORY: "enter \(specification.workingDirectory ?? "?")"
      case STRATA_SPAWN_PARENT_DEATH: "tie it to its parent"
      case STRATA_SPAWN_DESCRIPTORS: "set its descriptors"
      case STRATA_SPAWN_EXEC: "execute it"
      default: "create a process"
      }
    let reason = unsafe String(cString: strerror(failure))
    let code: StrataError.Code = failure == ENOENT ? .notFound : .internalError
    return StrataError(code, "could not start \(executable): could not \(action): \(reason)")
  }
}

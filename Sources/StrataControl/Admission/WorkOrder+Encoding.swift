import StrataCore

extension WorkOrder {
  /// Its JSON where it has only what every order has; nil where it has more. Each job that is submitted, and each that a lost
  /// queue is rebuilt with, is written so: `JSONEncoder` takes twenty times as long.
  package var plainlyEncoded: [UInt8]? {
    guard inputs.isEmpty, retry == nil, task == nil, preemption == nil, alternatives == nil else { return nil }
    var text: [UInt8] = []
    text.reserveCapacity(320 + parametersJSON.utf8.count + parametersJSON.utf8.count / 4)
    text.append(contentsOf: "{\"job\":\"\(job)\",\"tenant\":\"\(tenant)\",\"capability\":".utf8)
    text.appendString(capability)
    text.append(contentsOf: ",\"version\":\(version),\"parameters\":".utf8)
    text.appendString(parametersJSON)
    text.append(
      contentsOf: ",\"inputs\":[],\"timeout_seconds\":\(timeoutSeconds),\"resources\":{\"cpu_millicores\":".utf8)
    text.append(contentsOf: "\(resources.cpuMillicores),\"memory_bytes\":\(resources.memoryBytes)".utf8)
    text.append(contentsOf: ",\"gpu_thousandths\":\(resources.gpuThousandths)}}".utf8)
    return text
  }
}

extension [UInt8] {
  /// Appends a JSON string (RFC 8259, 7).
  fileprivate mutating func appendString(_ string: String) {
    append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append(UInt8(ascii: "\\"))
        append(byte)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        append(contentsOf: "\\u00".utf8)
        append(digits[Int(byte >> 4)])
        append(digits[Int(byte & 15)])
      default: append(byte)
      }
    }
    append(UInt8(ascii: "\""))
  }
}

import StrataQueue
import Testing

/// What a worker says of itself, as one text.
@Suite struct WorkerPlaceTests {
  @Test(arguments: [
    WorkerPlace(address: "build-3:4711", slots: 2, name: "worker-1"),
    WorkerPlace(address: "build-3:4711", slots: 2, name: nil), WorkerPlace(address: "here:1", slots: nil, name: nil),
  ]) func whatIsWrittenIsRead(place: WorkerPlace) { #expect(WorkerPlace(text: place.text) == place) }

  @Test func anOlderWorkerSaysWhereItIsAlone() {
    #expect(WorkerPlace(text: "build-3:4711") == WorkerPlace(address: "build-3:4711", slots: nil, name: nil))
    #expect(WorkerPlace(text: "").address.isEmpty)
  }
}

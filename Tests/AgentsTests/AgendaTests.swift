import ExactMath
import SeededRandom
import Testing

@testable import Agents

@Suite struct AgendaTests {
    @Test func comesOutInOrderAndNotBeforeItIsDue() {
        var draws = RandomSource(seed: 11).stream("agenda")
        var agenda = Agenda()
        var all: [Appointment] = []
        for index in 0..<500 {
            let kinds: [Appointment.Kind] = [.poll, .respond, .trade]
            let appointment = Appointment(
                time: Timestamp(milliseconds: draws.uniform(in: 0...40)),
                kind: kinds[Int(draws.uniform(in: 0...2))], trader: index)
            all.append(appointment)
            agenda.insert(appointment)
        }
        var taken: [Appointment] = []
        for now in [Int64(-1), 10, 10, 39, 40] {
            while let next = agenda.next(by: Timestamp(milliseconds: now)) {
                #expect(next.time.milliseconds <= now)
                taken.append(next)
            }
            #expect(taken.count == all.filter { $0.time.milliseconds <= now }.count)
        }
        #expect(taken == all.sorted())
        #expect(agenda.count == 0)
    }
}

import ExactMath

/// Multiplies by a share in 2⁻³², rounding down.
func part(_ gas: Int64, _ share: Int64) -> Int64 { Int64(product(gas, share) >> 32) }

/// Waiting background demand where the highest bid goes first: a histogram over the ladder of
/// prices.
///
/// A block costs O(steps), however much waits.
struct BidBacklog {
    private var waiting = [Int64](repeating: 0, count: BidLadder.steps)
    /// Steps that may hold something.
    private var lowest = BidLadder.steps
    private var highest = -1
    /// [gas]
    private(set) var gas: Int64 = 0

    mutating func add(_ arrival: DemandArrival) {
        let steps = arrival.bids.steps
        var before: Int64 = 0
        for step in steps {
            // The tail beyond the last step belongs to it.
            let through =
                step == steps.upperBound
                ? arrival.gas : part(arrival.gas, arrival.bids.share(throughStep: step))
            waiting[step] += through - before
            before = through
        }
        gas += arrival.gas
        lowest = min(lowest, steps.lowerBound)
        highest = max(highest, steps.upperBound)
    }

    /// Moves everything that waits up by so many steps of the ladder; beyond the last it stays there.
    mutating func raise(by steps: Int) {
        guard steps > 0, lowest <= highest else { return }
        let top = BidLadder.steps - 1
        for step in (lowest...highest).reversed() where waiting[step] > 0 {
            let target = min(step + min(steps, top), top)
            guard target != step else { continue }
            waiting[target] += waiting[step]
            waiting[step] = 0
        }
        lowest = min(lowest + min(steps, top), top)
        highest = min(highest + min(steps, top), top)
    }

    /// What waits now, as a value of its own.
    var survey: WaitingBids { WaitingBids(gasByStep: waiting, gas: gas) }

    /// Keeps only a share of what waits. [2⁻³²]
    mutating func thin(keeping share: Int64) {
        guard lowest <= highest else { return }
        gas = 0
        for step in lowest...highest {
            waiting[step] = part(waiting[step], share)
            gas += waiting[step]
        }
        if gas == 0 { (lowest, highest) = (BidLadder.steps, -1) }
    }

    /// The highest bid. [wei per gas]
    mutating func highestBid() -> Int64? {
        while lowest <= highest, waiting[highest] == 0 { highest -= 1 }
        return lowest <= highest ? BidLadder.prices[highest] : nil
    }

    /// Takes up to this much of the highest bids, all on one step; call ``highestBid()`` first.
    mutating func take(atMost limit: Int64) -> Int64 {
        let taken = min(waiting[highest], limit)
        waiting[highest] -= taken
        gas -= taken
        return taken
    }
}

/// Waiting background demand where what came first goes first: a queue of stretches of time.
///
/// Who would not pay the base fee at arrival does not queue; who queues stays until included or out
/// of patience.
struct ArrivalBacklog {
    private struct Stretch {
        /// Evenly spread over (from, until]. [ms]
        var from: Int64
        var until: Int64
        var gas: Int64
    }
    /// Stretches beyond this number merge with their neighbours, the oldest first.
    static let limit = 512
    private var stretches: [Stretch] = []
    private var start = 0
    /// [gas]
    private(set) var gas: Int64 = 0

    mutating func add(_ arrival: DemandArrival, reserve: Int64) {
        let willing = part(arrival.gas, arrival.bids.share(atLeast: reserve))
        guard willing > 0 else { return }
        if stretches.count - start >= Self.limit { mergeOldest() }
        gas += willing
        stretches.append(
            Stretch(
                from: arrival.from.milliseconds, until: arrival.until.milliseconds, gas: willing))
    }

    /// Keeps only a share of what waits. [2⁻³²]
    mutating func thin(keeping share: Int64) {
        gas = 0
        for index in start..<stretches.count {
            stretches[index].gas = part(stretches[index].gas, share)
            gas += stretches[index].gas
        }
    }

    /// What arrived before a moment. [gas]
    func gas(before position: Int64) -> Int64 {
        var total: Int64 = 0
        for stretch in stretches[start...] {
            if stretch.until < position {
                total += stretch.gas
            } else {
                guard stretch.from < position else { break }
                total += Int64(
                    product(stretch.gas, position - stretch.from)
                        / Int128(stretch.until - stretch.from))
                break
            }
        }
        return total
    }

    /// Takes up to this much of what came first.
    mutating func take(atMost limit: Int64) -> Int64 {
        var left = limit
        while left > 0, start < stretches.count {
            let stretch = stretches[start]
            if stretch.gas <= left {
                left -= stretch.gas
                start += 1
            } else {
                let passed = product(stretch.until - stretch.from, left) / Int128(stretch.gas)
                stretches[start].from += Int64(passed)
                stretches[start].gas -= left
                left = 0
            }
        }
        if start * 2 > stretches.count {
            stretches.removeFirst(start)
            start = 0
        }
        gas -= limit - left
        return limit - left
    }

    private mutating func mergeOldest() {
        var merged: [Stretch] = []
        for index in stride(from: start, to: stretches.count, by: 2) {
            var stretch = stretches[index]
            if index + 1 < stretches.count {
                stretch.until = stretches[index + 1].until
                stretch.gas += stretches[index + 1].gas
            }
            merged.append(stretch)
        }
        stretches = merged
        start = 0
    }
}

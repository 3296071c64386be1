import ExactMath
import MarginProtocol
import MarginRules

extension JSONText {
    /// A guard: its rule and limits, what it compares with, what it blocks, and whose prices it is about.
    mutating func write(_ entry: PriceGuard) {
        switch entry.rule {
        case .check(let check, let reference):
            write(check)
            switch reference {
            case .nothing: break
            case .previous: member("from", word: "previous")
            case .average(let window):
                member("from", word: "average")
                member("window_ms", window.milliseconds)
            }
        case .divergence(let band, let window):
            member("rule", word: "divergence")
            member("limit_e8", band.liquidationLimit)
            member("window_ms", window.milliseconds)
        case .validity(let rails, let slot, let window, let tier, let isStablecoin):
            member("rule", word: "validity")
            member("too_volatile_ratio", rails.tooVolatileRatio)
            member("maximum_confidence_e8", rails.maximumConfidence)
            member("stale_slots", rails.staleForMargin)
            member("slot_ms", slot.milliseconds)
            member("window_ms", window.milliseconds)
            member("tier", word: String(describing: tier))
            member("stablecoin", isStablecoin)
        }
        write(entry.blocks)
        if let feeds = entry.feeds {
            array("feeds", feeds) { json, feed in json.element(Int64(feed.raw)) }
        }
        if let limit = entry.bypassBelow { member("unless_health_below_e8", limit) }
    }

    private mutating func write(_ check: OracleGuard) {
        switch check {
        case .positivePrice: member("rule", word: "positivePrice")
        case .maximumAge(let limit, let edge):
            member("rule", word: "maximumAge")
            member("limit_ms", limit.milliseconds)
            member("at_limit", word: String(describing: edge))
        case .maximumLead(let limit, let edge):
            member("rule", word: "maximumLead")
            member("limit_ms", limit.milliseconds)
            member("at_limit", word: String(describing: edge))
        case .maximumConfidence(let limit):
            member("rule", word: "maximumConfidence")
            member("limit_e8", limit)
        case .sequencerUp(let grace, let edge):
            member("rule", word: "sequencerUp")
            member("grace_ms", grace.milliseconds)
            member("at_limit", word: String(describing: edge))
        case .anchorBand(let tolerance):
            member("rule", word: "anchorBand")
            member("limit_e8", tolerance)
        case .maximumDeviation(let limit):
            member("rule", word: "maximumDeviation")
            member("limit_e8", limit)
        case .bounds(let minimum, let maximum, let edge):
            member("rule", word: "bounds")
            member("minimum_e8", minimum)
            member("maximum_e8", maximum)
            member("at_limit", word: String(describing: edge))
        case .clamp(let minimum, let maximum):
            member("rule", word: "clamp")
            member("minimum_e8", minimum)
            member("maximum_e8", maximum)
        case .maximumBatchSpread(let limit):
            member("rule", word: "maximumBatchSpread")
            member("limit_ms", limit.milliseconds)
        case .noneOlderThanRequest: member("rule", word: "noneOlderThanRequest")
        case .newestNotOlderThanRequest: member("rule", word: "newestNotOlderThanRequest")
        case .requestExpiration(let limit):
            member("rule", word: "requestExpiration")
            member("limit_ms", limit.milliseconds)
        }
    }
}

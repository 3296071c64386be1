public import ExactMath
public import MarginRules

/// A trade that was asked for and waits for its execution, by its place among all that were ever asked for.
@frozen public struct RequestID: Identifier {
    public let raw: Int32
    @inlinable public init(_ raw: Int32) { self.raw = raw }
}

/// Trades against the pool in two steps: whoever trades asks, and a keeper executes it at a price that did not exist
/// when it was asked for.
public struct TwoStepPolicy: Hashable, Sendable {
    /// Which prices execute a request, and until when.
    public enum Timing: Hashable, Sendable {
        /// Prices that are no older than the request (GMX v2). The deviation from a reference feed is not read: no
        /// feed has another beside it.
        case afterRequest(TwoStepExecution)
        /// The price of a moment after the request, in a window (Synthetix v3).
        case window(SettlementWindow)
    }
    public var timing: Timing
    /// What a request sets aside for whoever executes it. [1e-8 settlement units]
    public var fee: Quantity
    public init(timing: Timing, fee: Quantity) {
        self.timing = timing
        self.fee = fee
    }

    /// The moment of which, or after which, a request's prices are.
    public func priceMoment(of request: TradeRequest) -> Timestamp {
        switch timing {
        case .afterRequest: request.createdAt
        case .window(let window): window.priceMoment(committedAt: request.createdAt)
        }
    }

    /// When a request may be executed first.
    public func opens(_ request: TradeRequest) -> Timestamp {
        switch timing {
        case .afterRequest: request.createdAt
        case .window(let window): window.opens(committedAt: request.createdAt)
        }
    }

    /// Whether its owner may take a request back.
    ///
    /// A limit order may be taken back at any time, and so may what is frozen.
    public func isCancellable(_ request: TradeRequest, at now: Timestamp) -> Bool {
        if request.kind == .limit || request.isFrozen { return true }
        switch timing {
        case .afterRequest(let rule):
            return rule.isCancellable(requestedAt: request.createdAt, now: now)
        case .window(let window):
            return window.isExpired(committedAt: request.createdAt, now: now)
        }
    }

    /// What is wrong with it, in words.
    var problems: [String] {
        let spans: [TimeSpan]
        switch timing {
        case .afterRequest(let rule):
            spans = [rule.requestExpiration, rule.maximumPriceAge, rule.maximumTimestampRange]
        case .window(let window):
            spans = [window.delay, window.duration, window.priceDelay, window.priceTolerance]
        }
        var found: [String] = []
        if !spans.allSatisfy({ (.zero...(.year)).contains($0) }) {
            found.append("the times of an execution in two steps are between 0 and a year")
        }
        if fee.isNegative || fee.raw > scaleE8 * 1_000_000_000 {
            found.append("an execution fee is not negative, and at most a billion")
        }
        return found
    }
}

/// A trade as it was asked for.
public struct TradeRequest: Hashable, Sendable {
    /// Numbered for good.
    public enum Kind: Int8, Hashable, Sendable, CaseIterable {
        /// Executed as soon as it may be, and cancelled where its limit is not met.
        case market = 1
        /// Waits until the protocol's price is as good as its limit; frozen where the trade's own price is not.
        case limit
    }
    public var account: AccountID
    public var market: MarketID
    /// Signed. [1e-8 units]
    public var size: Quantity
    /// The worst price that is acceptable; nil for any.
    public var limit: Price?
    public var reduceOnly: Bool
    public var kind: Kind
    public var createdAt: Timestamp
    /// Held for whoever executes it. [1e-8 settlement units]
    public var fee: Quantity
    /// Its execution failed: it waits for its owner to take it back.
    public var isFrozen = false
    public init(
        account: AccountID, market: MarketID, size: Quantity, limit: Price?, reduceOnly: Bool,
        kind: Kind, createdAt: Timestamp, fee: Quantity
    ) {
        self.account = account
        self.market = market
        self.size = size
        self.limit = limit
        self.reduceOnly = reduceOnly
        self.kind = kind
        self.createdAt = createdAt
        self.fee = fee
    }
}

/// A request with its number.
public struct OpenRequest: Hashable, Sendable {
    public let id: RequestID
    public internal(set) var request: TradeRequest
}

/// The requests that wait; empty where trades are executed at once.
struct RequestBook: Hashable {
    /// Ascending.
    var open: [OpenRequest] = []
    /// Of the next request.
    var next: Int32 = 0
    /// Holds what requests set aside; nil where trades are executed at once.
    var escrow: AccountID?

    func index(of id: RequestID) -> Int? {
        var low = 0
        var high = open.count
        while low < high {
            let middle = (low + high) / 2
            if open[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < open.count && open[low].id == id ? low : nil
    }
}

/// What became of a request. Numbered for good.
public enum RequestFate: Int8, Hashable, Sendable, CaseIterable {
    case created = 1, executed
    /// Its execution failed, or its owner took a limit order back.
    case cancelled
    /// Its execution failed, and it stays until its owner takes it back.
    case frozen
    /// Taken back by its owner because nobody had executed it in time.
    case expired
    public var name: String { String(describing: self) }

    /// Whether nothing more will become of it.
    public var isFinal: Bool { self == .executed || self == .cancelled || self == .expired }
}

/// One step of a request.
public struct RequestChange: Hashable, Sendable {
    public var id: RequestID
    public var fate: RequestFate
    /// As it was before this step, but for what is then still set aside.
    public var request: TradeRequest
    /// Who executed it, and was paid; nil where nobody did.
    public var keeper: AccountID?
    /// What was paid or returned; at its creation what was set aside. [1e-8 settlement units]
    public var fee: Quantity
    /// What the trade was executed at; nil where it was not.
    public var price: Price?
    /// The protocol's price for it, and when that was observed; nil where nobody looked.
    public var oraclePrice: Price?
    public var observedAt: Timestamp?
    /// Since its creation.
    public var delay: TimeSpan
    /// Why its execution failed.
    public var reason: Rejection?
}

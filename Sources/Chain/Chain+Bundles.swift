import ExactMath
import MarginProtocol
import SeededRandom

extension Chain {
    /// Draws whether the builder of this block takes bundles, and if so lays out those that wait:
    /// by payment per gas, of equal ones what came first.
    mutating func openBundles(_ slot: Slot, _ draft: inout BlockDraft) {
        draft.bundles = refusedBundles
        refusedBundles.removeAll()
        guard let rule = configuration.rules.bundles else { return }
        let takes = builders.chance(rule.builderShare)
        let waiting = bundles
        bundles = []
        for bundle in waiting {
            guard bundle.expiresAt >= slot.time else {
                end(bundle, .expired, slot, &draft)
                continue
            }
            if bundle.transactions.contains(where: { $0.submittedAt > slot.time }) {
                draft.keptBundles.append(bundle)
            } else if bundle.behind != nil {
                // A right also lapses, when its transaction comes in a block without bundles.
                if takes { draft.rights.append(bundle) } else { draft.keptBundles.append(bundle) }
            } else if takes,
                let price = bundle.price(in: configuration.feeMarket, baseFee: baseFee)
            {
                draft.freeBundles.append((bundle, price))
            } else {
                draft.keptBundles.append(bundle)
            }
        }
        let ranked = draft.freeBundles.enumerated().sorted { a, b in
            a.element.price != b.element.price
                ? a.element.price < b.element.price : a.offset > b.offset
        }
        draft.freeBundles = ranked.map(\.element)
    }

    /// Keeps what was not tried, and ends the rights whose transaction is in the block without them.
    mutating func closeBundles(_ slot: Slot, _ draft: inout BlockDraft) {
        guard configuration.rules.bundles != nil else { return }
        // Those left are the best last: back in the order in which they came.
        let left = draft.keptBundles + draft.rights + draft.freeBundles.map(\.value)
        for bundle in left.sorted(by: { $0.id < $1.id }) {
            let hasPassed = bundle.behind.map { id in
                draft.transactions.contains { $0.transaction.id == id }
            }
            if hasPassed ?? false {
                end(bundle, .overtaken, slot, &draft)
            } else {
                bundles.append(bundle)
            }
        }
    }

    /// Runs the bundles that stand behind a transaction; where that was rejected they lapse.
    mutating func follow(
        _ id: Int64, applied: Bool, in draft: inout BlockDraft,
        _ execute: (Transaction, inout [Event]) throws(Rejection) -> Void
    ) {
        guard applied else { return }
        let following = draft.rights.filter { $0.behind == id }
        draft.rights.removeAll { $0.behind == id }
        for bundle in following { tryBundle(bundle, in: &draft, execute) }
    }

    /// Includes all of a bundle or nothing of it.
    mutating func tryBundle(
        _ bundle: TransactionBundle, in draft: inout BlockDraft,
        _ execute: (Transaction, inout [Event]) throws(Rejection) -> Void
    ) {
        precondition(
            bundle.transactions.count == 1 || draft.checkpoint != nil,
            "several transactions need a checkpoint")
        if bundle.gasLimit > draft.remaining { draft.isFull = true }
        guard let price = bundle.price(in: configuration.feeMarket, baseFee: baseFee),
            bundle.gasLimit <= draft.remaining,
            bundle.transactions.allSatisfy({ hasRoom(for: $0, in: draft) }),
            let nonces = takeNonces(bundle)
        else {
            draft.keptBundles.append(bundle)
            return
        }
        let start = draft.journal.count
        var parts: [IncludedTransaction] = []
        let undo = bundle.transactions.count > 1 ? draft.checkpoint : nil
        undo?.keep()
        do {
            for (offset, sent) in bundle.transactions.enumerated() {
                var transaction = sent
                transaction.nonce = nonces[offset]
                let first = draft.journal.count
                try execute(transaction, &draft.journal)
                parts.append(part(transaction, draft.transactions.count + offset, first, draft))
            }
        } catch {
            undo?.restore()
            draft.journal.removeSubrange(start...)
            for transaction in bundle.transactions.reversed() {
                pool.returnNonce(of: transaction.sender)
            }
            draft.bundles.append(
                BundleRecord(
                    bundle: bundle, fate: .failed, price: price, rejection: error,
                    reason: .rejected, part: bundle.transactions[parts.count].id))
            drop(bundle, .bundleFailed, &draft)
            return
        }
        undo?.forget()
        draft.bundles.append(
            BundleRecord(
                bundle: bundle, fate: .included, index: draft.transactions.count, price: price))
        for part in parts {
            draft.remaining -= part.gasUsed
            draft.lowestTip = min(draft.lowestTip ?? .max, part.tip)
            note(part.transaction, used: part.gasUsed, in: &draft)
        }
        draft.transactions += parts
    }

    private func part(
        _ transaction: Transaction, _ index: Int, _ start: Int, _ draft: BlockDraft
    ) -> IncludedTransaction {
        let price = configuration.feeMarket.effectivePrice(
            maxFee: transaction.maxFee, maxTip: transaction.maxTip, baseFee: baseFee)
        guard let price else { preconditionFailure("a bundle that has a price can pay") }
        return IncludedTransaction(
            transaction: transaction, index: index,
            gasUsed: configuration.gas.amount(for: transaction.command), effectivePrice: price,
            tip: price - baseFee, rejection: nil, events: start..<draft.journal.count)
    }

    /// A nonce for each part, or nil, with nothing taken, where a sender has a public transaction
    /// waiting at its own.
    private mutating func takeNonces(_ bundle: TransactionBundle) -> [Int64]? {
        var taken: [Int64] = []
        for transaction in bundle.transactions {
            guard let nonce = pool.takeNonce(of: transaction.sender) else {
                for done in bundle.transactions.prefix(taken.count).reversed() {
                    pool.returnNonce(of: done.sender)
                }
                return nil
            }
            taken.append(nonce)
        }
        return taken
    }

    private func end(
        _ bundle: TransactionBundle, _ reason: BundleRecord.Reason, _ slot: Slot,
        _ draft: inout BlockDraft
    ) {
        let price = bundle.price(in: configuration.feeMarket, baseFee: baseFee) ?? 0
        draft.bundles.append(
            BundleRecord(bundle: bundle, fate: .lapsed, price: price, reason: reason))
        drop(bundle, .expired, &draft)
    }

    private func drop(_ bundle: TransactionBundle, _ reason: DropReason, _ draft: inout BlockDraft)
    {
        for transaction in bundle.transactions {
            draft.dropped.append(
                DroppedTransaction(
                    transaction: transaction, reason: reason, at: draft.time, replacedBy: nil))
        }
    }
}

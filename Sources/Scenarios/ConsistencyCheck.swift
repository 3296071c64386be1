import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles
import SeededRandom

/// Asks every part of the engine whether it would take its configuration, and finds where what it refuses
/// stands. Most of it cannot be refused any more; this is what keeps a scenario from failing at its start.
extension ScenarioDecoder {
    func check(
        _ parameters: ProtocolParameters, _ governance: [(time: Timestamp, command: Command)],
        _ feeds: [PriceFeed], _ chain: ChainConfiguration, _ correlation: CorrelationMatrix?
    ) {
        checkChain(chain)
        checkAssets(correlation)
        for feed in feeds {
            do {
                _ = try Oracles(feeds: [feed], start: start, random: RandomSource(seed: 0))
            } catch {
                let steps = [error.feed] + self.steps(error.field)
                problem(
                    tree.position(of: ["oracles"] + steps),
                    "oracles.\(steps.joined(separator: ".")): \(error.problem)")
            }
        }
        for message in ClearingHouse.problems(in: parameters) {
            problem(position(of: message), message)
        }
        checkChanges(parameters, governance)
    }

    private func checkChain(_ chain: ChainConfiguration) {
        do {
            try chain.validate()
        } catch {
            let steps = self.steps(error.field)
            let path = steps.first == "demand" ? steps : ["chain"] + steps
            problem(
                tree.position(of: path), "\(path.joined(separator: ".")): \(error.message)")
        }
    }

    private func checkAssets(_ correlation: CorrelationMatrix?) {
        let known = problems.count
        for asset in referenceAssets {
            do {
                _ = try Markets(
                    assets: [asset], correlation: nil, start: start, random: RandomSource(seed: 0))
            } catch {
                let isLiquidity = if case .invalidLiquidity = error { true } else { false }
                problem(
                    tree.position(of: [
                        "assets", asset.name, isLiquidity ? "liquidity" : "price",
                    ]), "assets.\(error)")
            }
        }
        guard correlation != nil, problems.count == known else { return }
        do {
            _ = try Markets(
                assets: referenceAssets, correlation: correlation, start: start,
                random: RandomSource(seed: 0))
        } catch {
            problem(tree.position(of: ["correlations"]), "correlations: \(error)")
        }
    }

    /// Runs the changes of parameters in order on a protocol without users.
    private func checkChanges(
        _ parameters: ProtocolParameters, _ governance: [(time: Timestamp, command: Command)]
    ) {
        guard ClearingHouse.problems(in: parameters).isEmpty else { return }
        var house = ClearingHouse(parameters: parameters, start: start)
        for (time, command) in governance {
            var journal: [Event] = []
            house.advance(to: max(house.time, time), into: &journal)
            do {
                try house.execute(command, from: .governance, into: &journal)
            } catch .priceMissing {
                // The protocol's price of the moment, which a protocol without a past has not.
            } catch {
                problem(
                    tree.position(of: ["faults"]),
                    "faults: the protocol refuses the change at \(time): \(error)")
            }
        }
    }

    /// `points[3].medianPrice` as the steps `points`, `3`, `median_price`.
    private func steps(_ field: String) -> [String] {
        field.split(whereSeparator: { "[].".contains($0) }).map { Self.snakeCase(String($0)) }
    }

    /// Where what a sentence of the law names stands: `asset ETH: …`, `market ETH-PERP: …`.
    private func position(of message: String) -> Position {
        let words = message.split(whereSeparator: { $0 == " " || $0 == ":" }).map(String.init)
        switch words.first {
        case "asset": return tree.position(of: ["assets"] + words.dropFirst().prefix(1))
        case "market": return tree.position(of: ["markets"] + words.dropFirst().prefix(1))
        default: return tree.position(of: ["protocol", "liquidation"])
        }
    }
}

import Testing

/// What the shipped scenarios on order books say of their other arms, over several seeds.
@Suite struct BookScenarioTests {
    /// Runs a scenario with changes, and with expectations in place of its own.
    private func meets(
        _ name: String, seed: Int, _ changes: [String], _ expected: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let sets = (changes + ["expect={conservation: exact, \(expected)}"]).flatMap {
            ["--set", $0]
        }
        let result = try Tool.run(
            ["run", Tool.scenario(name), "--seed", "\(seed)", "--json"] + sets)
        #expect(
            result.code == 0, "\(name), seed \(seed), \(changes): \(result.out) \(result.error)",
            sourceLocation: sourceLocation)
    }

    @Test(
        "A wick liquidates the healthy where the middle of the book is the mark, and nobody under others"
    )
    func wick() throws {
        for seed in [519, 1, 2, 3] {
            try meets(
                "mark-price", seed: seed, [],
                "wrongful_liquidations: 40..150, wrongful_share: '>= 100%'")
            for mark in [
                "oracle", "{rule: median, average: 30s}",
                "{rule: average_basis, average: 30s, band: 2%}",
                "{rule: robust_median, average: 150s, form: exponential, book_average: 30s}",
            ] {
                try meets(
                    "mark-price", seed: seed, ["markets.ETH-PERP.mark=\(mark)"], "liquidations: 0")
            }
        }
    }

    @Test("A deep book keeps a cascade from the insurance fund, and a thin one does not")
    func depth() throws {
        for seed in [2110, 1, 2, 3] {
            try meets(
                "cascade-book", seed: seed, [], "insurance_used_usd: $5k..$200k, bad_debt_usd: 0")
            try meets(
                "cascade-book", seed: seed,
                [
                    "agents.market_makers.makers.size=$20k",
                    "agents.market_makers.makers.inventory_limit=$100k",
                ], "insurance_used_usd: $350k..$1.2M, bad_debt_usd: 0")
        }
    }
}

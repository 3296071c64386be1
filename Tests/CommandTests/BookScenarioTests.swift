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

    @Test("Where resting orders are margin, what each has left follows from the tables")
    func restingOrders() throws {
        try Tool.inFolder { folder in
            let run = try Tool.run(
                [
                    "run", Tool.scenario("cascade-book"), "--db", "a.sqlite", "--no-expect",
                    "--set", "protocol.open_orders={count: larger_side, margin: both}", "--set",
                    "duration=25m",
                ], in: folder)
            #expect(run.code == 0, "\(run.error)")
            func count(_ rows: String) throws -> Int {
                let result = try Tool.run(
                    ["query", "a.sqlite", "select count(*) as n from \(rows)", "--json"],
                    in: folder)
                #expect(result.code == 0, "\(result.error)")
                return Int(result.out.filter(\.isNumber)) ?? -1
            }
            // Each cancelled order has left what it was placed with less what was filled of it.
            let left = """
                order_change c join order_change p
                    on p.run = c.run and p.market = c.market and p.order_id = c.order_id
                        and p.change = 1
                where c.change = 2 and c.remaining_e8 %@ p.remaining_e8 - coalesce((
                    select sum(abs(f.size_e8)) from fill f
                    where f.run = c.run and f.market = c.market and f.maker_order = c.order_id), 0)
                """
            #expect(try count(left.replacing("%@", with: "<>")) == 0)
            #expect(try count(left.replacing("%@", with: "=")) > 100)
            #expect(try Tool.run(["verify", "a.sqlite", "--replay"], in: folder).code == 0)
        }
    }
}

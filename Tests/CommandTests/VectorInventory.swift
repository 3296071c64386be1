/// Figures of other people's tests and documents that the engine is checked against, by table: the number of each, and why
/// some are not run through the engine. Where a test runs one, its comment says so: `Vectors: id, id.`
///
/// `rule` are those that only a rule is checked against (`Tests/MarginRulesTests`), since the engine lacks what they are
/// about; `none` those that say nothing of the kind. A table of papers has no ids of its own but names.
enum VectorInventory {
    static let text = """
        aave-health-factor
          ids aave-hf-01 aave-hf-03 aave-hf-06 aave-hf-07 aave-hf-09 aave-hf-10 aave-hf-11
          ids aave-hf-12 aave-hf-13 aave-hf-14 aave-hf-15
        aave-interest-rate
          ids aave-irm-80-unbacked50 aave-irm-mainnet2023-WETH-70 aave-irm-mainnet2023-WETH-90
          ids aave-irm-mainnet2023-WBTC-45 aave-irm-mainnet2023-WBTC-60
          ids aave-irm-mainnet2023-USDC-80 aave-irm-mainnet2023-USDC-95
          ids aave-irm-mainnet2023-LINK-30 aave-irm-mainnet2023-LINK-75
        aave-liquidation
          ids aave-liq-02 aave-liq-03 aave-liq-11 aave-liq-14 aave-liq-15 aave-liq-18 aave-liq-19
          ids aave-liq-20 aave-liq-21
        aave-math
          ids aave-pm-1 aave-pm-3 aave-pd-2 aave-pround-1 aave-pround-2 aave-pround-4 aave-ray-3
          ids aave-ray-5 aave-muldivceil-1 aave-lin-1
          none aave-pm-1 aave-pm-3 aave-pd-2 aave-pround-1 aave-pround-2 aave-pround-4 aave-ray-3
          none aave-ray-5 aave-muldivceil-1
          because digits of helpers for numbers of eighteen and twenty-seven decimals; the rules
          because have the same helpers, the engine amounts of eight
        binance-liquidation-price
          ids bnc-lp-1 bnc-lp-4 bnc-lp-5 bnc-lp-6 bnc-lp-11 bnc-lp-13 bnc-lp-14 bnc-lp-15
          ids bnc-lp-16
        binance-maintenance-tiers
          ids bnc-mm-a5 bnc-mm-a6 bnc-mm-b2 bnc-mm-c4 bnc-cmpro-1 bnc-mm-d1 bnc-mm-d2 bnc-mm-d3
          ids bnc-mm-d4 bnc-mm-d5 bnc-mm-d6
        bitmex-inverse-pnl-margin
          ids bmx-pnl-2 bmx-pnl-3 bmx-pnl-6 bmx-fee-1 bmx-mgn-1 bmx-mgn-2 bmx-mgn-3 ntl-mgn-4
          ids ntl-liq-1
          none bmx-mgn-3 ntl-mgn-4
          because a habit of the tool they are from: no venue divides the maintenance margin by the
          because leverage that an owner chooses
        bitmex-risk-limits
          ids bmx-rl-3 bmx-rl-6
        bybit-liquidation-price
          ids byb-lp-4
        bybit-margin
          ids byb-im-1 byb-im-2 byb-mm-1 byb-mm-2 byb-mm-3 byb-mm-4 byb-mm-5 byb-mm-6 byb-mm-7
        compound-v2-interest-rate
          ids cv2-irm-1-10 cv2-irm-1-89 cv2-irm-1-90 cv2-irm-1-100 cv2-irm-2-0 cv2-irm-3-10
          ids cv2-irm-3-100 cv2-irm-4-0 cv2-irm-4-10 cv2-irm-5-100
        compound-v2-liquidation
          ids cv2-seize-1 cv2-seize-4 cv2-inkind-1 cv2-break-3 cv2-fee-1 cv2-seize-scen
        compound-v3-comet
          ids comet-quote-2 comet-quote-5 comet-absorb-2 comet-absorb-4 comet-absorb-5
          ids comet-absorb-6 comet-absorb-7 comet-liq-3 comet-rate-2 comet-accrue-1
          none comet-absorb-4
          because a debt of 10^12 dollars, where an amount of the engine is at most 9.2 · 10^10
        deribit-standard-margin
          ids drb-1 drb-2 drb-3
        drift-funding
          ids drift-funding-balanced-1 drift-funding-asym-1 drift-funding-asym-2
          ids drift-funding-clamp-tier drift-funding-clamp-tier-b drift-funding-production
          ids drift-funding-production-payment drift-funding-on-hour-2
        drift-liquidation
          ids drift-base-to-cover-1 drift-base-to-cover-3 drift-base-to-cover-4
          ids drift-liab-to-cover-5 drift-asset-for-liab-5 drift-perp-if-fee-1 drift-perp-if-fee-3
          ids drift-perp-if-fee-6 drift-perp-if-fee-7 drift-spot-if-fee-4 drift-spot-if-fee-6
          ids drift-spot-if-fee-7 drift-max-pct-1 drift-fee-ramp-1 drift-fee-ramp-2
          ids drift-fee-ramp-3 drift-deposit-delta-bankruptcy drift-liq-short drift-liq-cover
          ids drift-liq-step drift-liq-accelerated drift-liq-half-if drift-liq-portion-if
          ids drift-spot-dust drift-spot-multi-slot drift-borrow-pnl-max drift-borrow-pnl-implied
          ids drift-pnl-deposit-cover drift-bankruptcy-spot
          none drift-perp-if-fee-6 drift-perp-if-fee-7 drift-spot-if-fee-6 drift-spot-if-fee-7
          because a division by zero that the source guards: nothing is liquidated, or at a price of
          because zero
        drift-margin
          ids drift-spot-weight-1 drift-spot-weight-2 drift-spot-weight-5 drift-spot-weight-8
          ids drift-spot-weight-9 drift-spot-weight-10 drift-spot-weight-14 drift-spot-weight-15
          ids drift-spot-weight-16 drift-scaled-iaw-2 drift-perp-initial-1 drift-perp-raw-pnl
          ids drift-upnl-weight-5 drift-upnl-weight-7 drift-acct-custom-ratio-2
          ids drift-acct-override-3 drift-acct-custom-ratio-maint drift-acct-custom-ratio-asset
          ids drift-strict-usdc-2 drift-strict-usdc-3 drift-strict-usdc-4 drift-neg-pnl-buffer
          ids drift-isolated-2 drift-whale-imf-1 drift-whale-imf-2 drift-prediction-1
          ids drift-prediction-3
        drift-oracle
          ids drift-oracle-band-1 drift-oracle-action-FillOrderMatch drift-oracle-action-Liquidate
        dydx-v4-deleveraging
          ids dydx4-trans-2 dydx4-trans-6 dydx4-adl-04 dydx4-adl-05 dydx4-adl-15 dydx4-adl-18
          ids dydx4-adlo-2 dydx4-adlo-3 dydx4-adlo-6 dydx4-adlo-7 dydx4-adlr-2 dydx4-adlr-3
          ids dydx4-adlr-4 dydx4-canadl-1 dydx4-canadl-5 dydx4-offset-3
          none dydx4-adl-18
          because a counterparty on the same side, which the law never chooses
        dydx-v4-docs-examples
          ids dydx4-doc-2 dydx4-doc-3 dydx4-doc-5
        dydx-v4-funding
          ids dydx4-findex-2 dydx4-fsettle-04 dydx4-fsettle-05 dydx4-fsettle-10 dydx4-fsettle-11
          ids dydx4-fclamp-1 dydx4-fclamp-2 dydx4-fclamp-3 dydx4-ftick-08 dydx4-ftick-09
          ids dydx4-ftick-11 dydx4-ftick-13 dydx4-ftick-14 dydx4-ftails-1 dydx4-premium-02
          ids dydx4-premium-04 dydx4-premium-06 dydx4-premium-07
          none dydx4-findex-2 dydx4-fsettle-04 dydx4-fsettle-05 dydx4-fsettle-10 dydx4-fsettle-11
          because integers of the chain's own index; the engine's has eighteen decimals a unit
          none dydx4-fclamp-3
          because a market without any margin, which the law refuses
        dydx-v4-liquidation
          ids dydx4-bankr-01 dydx4-bankr-07 dydx4-bankr-08 dydx4-bankr-09 dydx4-bankr-10
          ids dydx4-bankr-12 dydx4-bankr-15 dydx4-fillable-02 dydx4-fillable-07 dydx4-fillable-08
          ids dydx4-fillable-11 dydx4-fillable-13 dydx4-fillable-15 dydx4-fillable-16
          ids dydx4-ifdelta-01 dydx4-ifdelta-05 dydx4-ifdelta-06 dydx4-ifdelta-07 dydx4-ifdelta-09
          ids dydx4-ifdelta-11 dydx4-ifdelta-12 dydx4-ifdelta-13 dydx4-ifdelta-14 dydx4-subticks-2
          ids dydx4-subticks-4 dydx4-subticks-5 dydx4-subticks-6 dydx4-blocklimit-2
          ids dydx4-poslimit-3 dydx4-ifvalid-2 dydx4-e2e-04 dydx4-e2e-05 dydx4-e2e-09 dydx4-e2e-12
          none dydx4-bankr-15 dydx4-fillable-16 dydx4-ifdelta-14
          because an amount of zero, which the venue's own steps never have
          none dydx4-subticks-2 dydx4-subticks-4 dydx4-subticks-5 dydx4-subticks-6
          because the encoding of a price in ticks of the chain's book
        dydx-v4-margin
          ids dydx4-mmppm-06 dydx4-mmppm-07 dydx4-imr-01 dydx4-imr-09 dydx4-oimf-01 dydx4-oimf-03
          ids dydx4-oimf-06 dydx4-oimf-07 dydx4-notional-02 dydx4-notional-03 dydx4-marginreq-b01
          ids dydx4-marginreq-b05 dydx4-marginreq-b08 dydx4-marginreq-b09 dydx4-marginreq-b11
          ids dydx4-marginreq-b13 dydx4-isliq-1 dydx4-isliq-6 dydx4-initok-1 dydx4-initok-2
          ids dydx4-initok-3 dydx4-initok-4 dydx4-initok-5 dydx4-riskcmp-02 dydx4-riskcmp-04
          ids dydx4-riskcmp-08 dydx4-riskcmp-15 dydx4-acct-2 dydx4-acct-3 dydx4-posliq-2
          ids dydx4-posliq-5
          none dydx4-mmppm-06 dydx4-mmppm-07 dydx4-marginreq-b05
          because a market without any margin, which the law refuses
        eip1559
          ids geth-calc-0 geth-gaslimit-0 geth-gaslimit-5 geth-gaslimit-9 geth-gaslimit-10
          ids geth-gaslimit-12 op-canyon-1 op-holocene-1 op-jovian-minbasefee-0
          ids op-jovian-minbasefee-2 op-jovian-minbasefee-4 alloy-ethereum-3 alloy-ethereum-4
          ids alloy-ethereum-5 alloy-ethereum-6 alloy-ethereum-7 alloy-ethereum-8 alloy-optimism-3
          ids alloy-optimism-4 alloy-optimism-5 alloy-optimism-8 alloy-optimism-9
          ids alloy-optimism_canyon-0 alloy-optimism_canyon-2 alloy-optimism_canyon-6
          ids alloy-base_sepolia-2 alloy-base_sepolia-6 alloy-gaslimit-step-2 derived-ramp-up-2
          ids derived-ramp-up-4 derived-ramp-up-8 derived-ramp-up-20 derived-ramp-up-32
          ids derived-ramp-down-2 derived-ramp-down-4 derived-ramp-down-32
          ids derived-effective-price-0 derived-effective-price-2 derived-effective-price-3
          ids derived-effective-price-4 derived-replacement-6
        euler-irm
          ids euler-irm-50
        euler-v1-liquidation
          ids euler1-2 euler1-3 euler1-5 euler1-7
        euler-v2-liquidation
          ids evk-10 evk-curve-9999 evk-curve-9900 evk-curve-9500 evk-curve-9000 evk-curve-8500
          ids evk-curve-8000 evk-curve-7000
        gearbox-liquidation
          ids gearbox-1 gearbox-3 gearbox-4
        gmx-v1-vault
          ids v1-long-3 v1-long-4 v1-long-5 v1-long-6 v1-short-1 v1-avg-2 v1-avg-4 v1-avg-7
          ids v1-funding-1 v1-feebps-00 v1-feebps-02 v1-feebps-03 v1-feebps-05 v1-feebps-10
          ids v1-feebps-11 v1-feebps-12 v1-feebps-15
        gmx-v2-funding-borrowing
          ids funding-adaptive-1 funding-adaptive-2 funding-adaptive-3 funding-adaptive-5
          ids funding-adaptive-6 funding-adaptive-7 funding-adaptive-d1 funding-adaptive-d2
          ids funding-adaptive-d3 borrow-curve-1 borrow-curve-2 borrow-curve-4 usage-1
          ids borrow-kink-0 borrow-kink-40 borrow-kink-85 borrow-kink-90 borrow-kink-100
          ids borrow-kink-110
          none borrow-kink-0
          because nobody borrows, and nobody pays
        gmx-v2-liquidation
          ids gliq-01 gliq-02 gliq-08 gliq-09 gliq-10 gliq-11 gliq-12 gliq-14 gliq-d1 gliq-d2
          ids gliq-d3 gliq-d4 gliq-d5
        gmx-v2-pool-pnl-adl
          ids adl-20 adl-25 pnlcap-1 pnlcap-2 poolvalue-1 spread-3 negpnl-1 oracle-spread-0
          ids oracle-spread-1 oracle-scale-eth oracle-scale-usdc
          none oracle-scale-eth oracle-scale-usdc
          because an encoding of prices in thirty decimals
        gmx-v2-price-impact
          ids impactfactor-00 impactfactor-02 impactfactor-04 impactfactor-06 impactfactor-09
          ids impactfactor-11 impactfactor-14 impactfactor-23 pi-inc-01 pi-inc-03 pi-dec-01
          ids pi-dec-02 pi-pool-01 pi-pool-03 pi-pool-04 pi-cap-01 pi-cap-04 pi-cap-07 pi-tok-02
          ids pi-readme-01
          none impactfactor-00 impactfactor-02 impactfactor-04 impactfactor-06 impactfactor-09
          none impactfactor-11 impactfactor-14 impactfactor-23
          because a power digit by digit as PRBMath computes it; the rule is within its error
        hyperliquid-docs
          ids hl-tier-1 hl-tier-3 hl-tier-4 hl-mm-1 hl-mm-2 hl-mm-3 hl-mm-4 hl-mm-5 hl-mm-6
          ids hl-mm-7 hl-mm-8 hl-funding-2 hl-funding-3 hl-funding-4 hl-liqprice-1 hl-liqprice-2
          ids hl-liqprice-3 hl-adl-rank hl-partial-1
        maker-abacus
          ids abacus-linear-3 abacus-linear-5 abacus-linear-6 abacus-linear-7 abacus-exp-0
          ids abacus-exp-1 abacus-stair-60 abacus-stair-100 abacus-stair-30 abacus-stair-etha-0
          ids abacus-stair-etha-89 abacus-stair-etha-90 abacus-stair-etha-180
          ids abacus-stair-etha-2400 abacus-stair-etha-8400
        maker-dog-clip
          ids dog-1 dog-2 dog-6 clip-incentive-3 clip-take-4 clip-take-6 clip-take-8 clip-status-4
        mango-v4-health
          ids mango-health1-0 mango-health1-2 mango-health1-4 mango-health1-6 mango-health1-7
          ids mango-health1-11 mango-health1-12 mango-health1-14 mango-health1-17
          ids mango-health-skip-base mango-health-skip-missing-tokens-1-and-2
          ids mango-stable-health-deposit mango-stable-health-borrow mango-stable-health-perp
        mango-v4-liquidation
          ids mango-liq-token-1 mango-liq-token-4 mango-liq-token-5 mango-liq-token-6
          ids mango-liq-token-8 mango-liq-token-10 mango-liq-token-12 mango-liq-token-13
          ids mango-liq-token-14 mango-liq-token-15 mango-liq-token-stable mango-liq-perp-3
          ids mango-liq-perp-6 mango-liq-perp-11 mango-liq-perp-14 mango-liq-perp-15
          ids mango-liq-perp-16 mango-liq-perp-17 mango-liq-perp-18 mango-liq-perp-20
          ids mango-liq-perp-21 mango-liq-perp-22 mango-liq-perp-23 mango-liq-perp-29
          ids mango-bankruptcy-2 mango-bankruptcy-3 mango-bankruptcy-6 mango-bankruptcy-7
          ids mango-bankruptcy-9 mango-bankruptcy-10 mango-bankruptcy-12 mango-bankruptcy-13
        mango-v4-stable-price
          ids mango-stable-10x-a mango-stable-10x-c mango-rate-curve-2 mango-rate-curve-3
          ids mango-rate-curve-5 mango-rate-curve-7 mango-rate-curve-9 mango-maint-shift-1
          ids mango-maint-shift-2 mango-maint-shift-7
        morpho-lif
          ids morpho-lif-0 morpho-lif-385 morpho-lif-500 morpho-lif-625 morpho-lif-770
          ids morpho-lif-860 morpho-lif-915 morpho-lif-945 morpho-lif-965 morpho-lif-980
        morpho-liquidation
          ids morpho-liq-1 morpho-liq-2 morpho-liq-3 morpho-liq-6 morpho-taylor-1
          none morpho-liq-1
          because asks to repay one share of a debt, a millionth of its smallest unit; amounts of
          because the engine are whole units
        multi-collateral-haircuts
          ids bnc-hc-2 okx-dr-2 okx-dr-3 okx-dr-4 byb-cr-1 btu-dr-1
        multi-funding
          ids bmx-fund-1 bmx-fund-2 clamp-1 clamp-2 clamp-3 clamp-4 clamp-5 clamp-6 clamp-7
          ids clamp-8 bnc-fund-1 bnc-fund-2 bnc-fund-3 bnc-fund-4 ft-fund-1 ft-fund-2 ft-fund-4
          ids ft-fund-5 ft-fund-8 ft-fund-9 ft-fund-10 ft-fund-11 ft-fund-13 ft-fund-15
          none ft-fund-4
          because a market without a price, in which nothing is done
        multi-insurance-adl
          ids bmx-adl-1 btcmex-ins-1 bmx-adl-2
        multi-margin-interest
          ids int-1 int-2 int-3 int-4 int-5 int-6 int-7
        multi-mark-index
          ids bmx-mark-1 bnc-mark-1 bnc-mark-2 bnc-mark-3
        okx-gate-liquidation-price
          ids okx-lp-4 okx-lp-8 okx-lp-9 phemex-lp-1
        okx-position-tiers
          ids okx-tier-2 okx-tier-3 okx-tier-5 okx-tier-6
        oracle-validation
          ids euler-chainlink-a euler-chainlink-b euler-chainlink-c euler-chainlink-d euler-pyth-a
          ids euler-pyth-b euler-pyth-c euler-pyth-d euler-pyth-e euler-pyth-f gearbox-a gearbox-b
          ids gmx-age-a gmx-age-b gmx-range-a gmx-range-b gmx-seq-a gmx-seq-b gmx-seq-c
          ids gmx-order-ts-a gmx-order-ts-b gmx-order-ts-c gmx-order-ts-d gmx-order-ts-e
          ids aave-sentinel-a aave-sentinel-b aave-sentinel-c aave-sentinel-d aave-grace-a
          ids aave-grace-b gmx-adl-ts-a gmx-adl-ts-b
        paper_results
          ids toxic_ltv toxic_end_state crv_2022_11_22 toxic_slippage_cpmm two_step_liquidation
          ids eip1559_mean_block perp_fair_basis delay_risk_zero_drift_lognormal gas_break_even
          ids adl_2025_10_10 adl_toy mango hl_eth_whale jelly compound_dai
        synthetix-v3-funding
          ids snx-funding-table snx-funding-rate-1 snx-funding-rate-6 snx-funding-rate-7
          ids snx-interest-1 snx-interest-2 snx-interest-3
        synthetix-v3-liquidation
          ids snx-window-1 snx-limit-rolling snx-limit-max-pd snx-keeper-2 snx-keeper-3
        synthetix-v3-margin
          ids snx-margin-1 snx-fill-price-1 snx-fill-price-2 snx-collateral-haircut-1
          ids snx-collateral-haircut-2
        vertex-docs
          ids vertex-liqprice-1 vertex-liqprice-2 vertex-liqprice-3
        """
}

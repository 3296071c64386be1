-- CrossMargin: the database of recorded runs. This file is the one truth about it.
--
-- One file holds any number of runs; every table begins with the number of the run. Facts are
-- append-only. Whatever can be derived is a view. Exact columns carry their scale in their name:
-- `price_e8` is a price times 10^8. Each `v_` view shows its table in plain units, with names and
-- ISO times. Each `breach_` view states an invariant and is empty unless the engine has a bug or
-- somebody changed the file; `crossmargin verify` finds the latter.
--
-- Where a row belongs in its block: `tx` is the place of the transaction, from 0; -1 stands for what
-- happened before the first transaction (genesis, funding), and the number of the block's
-- transactions for what happened after the last (liquidators trading outside). `seq` counts the
-- events of one transaction over all tables, from 0. Blocks count from 0, which is genesis.
--
-- Units in brackets. "none" in a column's text means that it may be null.

pragma application_id = 1129467207; -- "CRMG"
pragma user_version = 5;

-- == tables ==

-- A row is one simulation. Only status, block_count, head_hash and unseed change, in the same
-- transaction as the blocks they count; so a run that was killed is a valid prefix of itself.
create table if not exists run (
    run integer primary key check (run >= 1), -- its number in this file
    scenario text not null, -- the scenario's name
    scenario_text text not null, -- the scenario in full, as YAML: it alone replays the run
    seed text not null check (seed not glob '*[^0-9]*'), -- the seed of all chance, in decimals
    engine_version text not null, -- the version of the program that wrote it
    start_ms integer not null, -- [ms since 1970] simulated time of genesis
    settlement_asset integer not null, -- asset that profit, loss and fees are paid in
    gas_feed integer, -- feed whose price values gas; none when gas is not valued
    status text not null default 'running' check (status in ('running', 'complete')), -- state
    block_count integer not null default 0 check (block_count >= 0), -- blocks written, genesis included
    head_hash blob check (length(head_hash) = 32), -- hash of the last block; none before genesis
    unseed integer -- one more draw at the very end: equal runs end in an equal state; none before
) strict;

-- A row is a number used in other tables and the name it stands for. Numbers never change meaning.
create table if not exists code (
    domain text not null, -- where it is used: role, command, rejection, …
    code integer not null, -- the number in the table
    name text not null, -- what it means
    primary key (domain, code)
) strict, without rowid;

-- A row is a token that accounts hold.
create table if not exists asset (
    run integer not null, -- run
    asset integer not null, -- number of the asset
    name text not null, -- its ticker
    feed integer not null, -- feed whose price values it
    primary key (run, asset)
) strict, without rowid;

-- A row is a perpetual market.
create table if not exists market (
    run integer not null, -- run
    market integer not null, -- number of the market
    name text not null, -- its ticker
    feed integer not null, -- feed of its index price
    primary key (run, market)
) strict, without rowid;

-- A row is a price feed.
create table if not exists feed (
    run integer not null, -- run
    feed integer not null, -- number of the feed
    name text not null, -- its name
    primary key (run, feed)
) strict, without rowid;

-- A row is somebody who sends transactions.
create table if not exists agent (
    run integer not null, -- run
    address integer not null, -- its address, the sender of its transactions
    name text not null, -- its name
    kind text not null, -- trader, liquidator, marketMaker, reporter, hedger, keeper, adversary, scripted, venue, system or governance
    "group" text not null, -- the group of the scenario it came from
    primary key (run, address)
) strict, without rowid;

-- A row is one parameter of the scenario as it stood at genesis; changes are in governance.
create table if not exists parameter (
    run integer not null, -- run
    seq integer not null, -- place in the list
    key text not null, -- dotted path, as in a scenario
    value text not null, -- its value, as in a scenario
    primary key (run, seq)
) strict, without rowid;

-- A row is an account: a margin account, an isolated child of one, a wallet, or a fund with a role.
-- Those of genesis stand in block 0; the others in the block that opened them.
create table if not exists account (
    run integer not null, -- run
    account integer not null, -- number of the account
    block integer not null, -- block that opened it
    tx integer not null, -- transaction that opened it; -1 at genesis
    name text, -- its name; none when it was opened later
    role integer not null, -- what it is for: code of domain role
    owner integer not null, -- address that owns it
    parent integer, -- the account that funds an isolated child; none for any other
    market integer, -- the only market of an isolated child, or the market of a fund; else none
    primary key (run, account)
) strict, without rowid;

-- A row is a block: the chain's own figures, and the hash that seals all rows of the block and all
-- blocks before it.
create table if not exists block (
    run integer not null, -- run
    block integer not null check (block >= 0), -- its number; 0 is genesis
    time_ms integer not null, -- [ms since 1970] simulated time
    missed_slots integer not null, -- slots without a block before this one
    base_fee_wei integer not null check (base_fee_wei >= 0), -- [wei per gas] base fee; 0 without EIP-1559
    gas_limit integer not null, -- [gas] room in the block
    gas_used integer not null, -- [gas] used by everything in it
    demand_gas integer not null, -- [gas] of that, used by the background demand
    backlog_gas integer not null, -- [gas] background demand still waiting after it
    was_full integer not null check (was_full in (0, 1)), -- 1 when something willing to pay was left out
    mempool_depth integer not null, -- transactions still waiting after it
    marginal_tip_wei integer not null, -- [wei per gas] lowest tip that got in when something was left out; else 0
    minimum_price_wei integer not null, -- [wei per gas] lowest price that would have got in
    tx_count integer not null check (tx_count >= 0), -- transactions of the protocol in it
    event_count integer not null check (event_count >= 0), -- events of the protocol in it
    parent_hash blob not null check (length(parent_hash) = 32), -- hash of the block before; of the run for genesis
    hash blob not null check (length(hash) = 32), -- SHA-256 over the parent hash and the digests of its tables
    primary key (run, block)
) strict, without rowid;

-- A row is what one block's rows of one table amount to: `verify` compares it with the rows it finds.
-- Row 0 of a run has table_id 0 and covers the run's own row, with one check a column.
create table if not exists block_digest (
    run integer not null, -- run
    block integer not null, -- block
    table_id integer not null, -- table: code of domain table
    row_count integer not null check (row_count > 0), -- rows of that table in that block
    digest blob not null check (length(digest) = 32), -- SHA-256 over their encodings in order of key
    checks blob not null, -- four bytes a row, which tell the row that differs
    primary key (run, block, table_id)
) strict, without rowid;

-- A row is a transaction in a block: what it asked, what it paid, and whether the protocol applied it.
-- A rejected one changed nothing but its sender's nonce and gas.
create table if not exists tx (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- place in the block, from 0
    id integer not null, -- unique in a run, in order of creation
    sender integer not null, -- address that signed it
    nonce integer not null, -- place in its sender's sequence
    kind integer not null, -- what it asks: code of domain command
    payload text not null, -- its arguments as JSON; amounts keep their scale in the key
    submitted_ms integer not null, -- [ms since 1970] arrival at the mempool
    expires_ms integer, -- [ms since 1970] last moment for inclusion; none leaves it to the mempool
    gas_limit integer not null, -- [gas] most it may use
    gas_used integer not null, -- [gas] what it used
    max_fee_wei integer not null, -- [wei per gas] most it pays
    max_tip_wei integer not null, -- [wei per gas] most it pays the producer
    effective_price_wei integer not null, -- [wei per gas] what it paid
    tip_wei integer not null, -- [wei per gas] the producer's part of that
    applied integer not null check (applied in (0, 1)), -- 1 applied, 0 rejected
    rejection integer, -- why it was rejected: code of domain rejection; none when applied
    rejection_values text, -- the values that offended, as JSON; none when applied
    primary key (run, block, tx),
    check (applied = (rejection is null))
) strict, without rowid;

-- A row is a transaction that never got into a block; it stands in the block in which that was known.
create table if not exists tx_dropped (
    run integer not null, -- run
    block integer not null, -- block
    seq integer not null, -- place in the list
    id integer not null, -- unique in a run, in order of creation
    sender integer not null, -- address that signed it
    nonce integer not null, -- place in its sender's sequence
    kind integer not null, -- what it asks: code of domain command
    payload text not null, -- its arguments as JSON
    submitted_ms integer not null, -- [ms since 1970] arrival at the mempool
    dropped_ms integer not null, -- [ms since 1970] when it was dropped
    gas_limit integer not null, -- [gas] most it may have used
    max_fee_wei integer not null, -- [wei per gas] most it would have paid
    max_tip_wei integer not null, -- [wei per gas] most it would have paid the producer
    reason integer not null, -- why: code of domain drop
    replaced_by integer, -- id of the transaction that took its nonce; none unless replaced
    primary key (run, block, seq)
) strict, without rowid;

-- A row is a price report and what became of it; it stands in the block in which that was known.
create table if not exists oracle_report (
    run integer not null, -- run
    block integer not null, -- block
    seq integer not null, -- place in the list
    feed integer not null, -- feed
    round integer not null, -- its number in the feed
    "trigger" text not null, -- why it was made: first, deviation, heartbeat, interval, period or recorded
    price_e8 integer not null, -- [1e-8 USD per unit] price it reports
    confidence_e8 integer not null, -- [1e-8 USD] half-width of the reporter's uncertainty
    reference_price_e8 integer not null, -- [1e-8 USD per unit] outside price when it was observed
    observed_ms integer not null, -- [ms since 1970] when the market was looked at
    published_ms integer not null, -- [ms since 1970] when it left for the chain
    submitted_ms integer, -- [ms since 1970] arrival at the mempool; none when never sent
    tx_id integer, -- id of the transaction that carried it; none when there was none
    tx integer, -- place of that transaction in this block; none when it was not included
    fate integer not null, -- what became of it: code of domain fate
    reason integer, -- why it was rejected (domain rejection) or dropped (domain drop); else none
    primary key (run, block, seq)
) strict, without rowid;

-- A row is a price that the protocol accepted: it is the protocol's price until the feed's next row.
create table if not exists oracle_price (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction; -1 at genesis
    seq integer not null, -- event
    feed integer not null, -- feed
    round integer not null, -- its number in the feed
    price_e8 integer not null check (price_e8 > 0), -- [1e-8 USD per unit] price
    confidence_e8 integer not null, -- [1e-8 USD] half-width of the reporter's uncertainty
    observed_ms integer not null, -- [ms since 1970] when the market was looked at; age counts from here
    published_ms integer not null, -- [ms since 1970] when it left for the chain
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is the outside price of a feed's underlying at the end of a block: the truth that oracles chase.
create table if not exists reference_price (
    run integer not null, -- run
    block integer not null, -- block
    feed integer not null, -- feed
    exogenous_e8 integer not null, -- [1e-8 USD per unit] price without anybody's trading
    impact_e8 integer not null, -- [1e-8] relative move by trading
    price_e8 integer not null, -- [1e-8 USD per unit] price
    primary key (run, block, feed)
) strict, without rowid;

-- A row is one leg of a movement of tokens. The legs of a movement sum to zero.
create table if not exists balance_change (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction; -1 before the first, tx_count after the last
    seq integer not null, -- event
    account integer not null, -- account
    asset integer not null, -- asset
    delta_e8 integer not null, -- [1e-8 units] gain, negative for a loss
    after_e8 integer not null, -- [1e-8 units] balance after it; negative is a debt
    reason integer not null, -- why: code of domain balance_reason
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is the change of one account's position in one market.
create table if not exists position_change (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction; -1 at genesis
    seq integer not null, -- event
    account integer not null, -- account
    market integer not null, -- market
    size_before_e8 integer not null, -- [1e-8 units] size before; positive is long
    size_after_e8 integer not null, -- [1e-8 units] size after
    cost_before_e8 integer not null, -- [1e-8 USD] entry price times size before, signed as the size
    cost_after_e8 integer not null, -- [1e-8 USD] entry price times size after
    price_e8 integer not null, -- [1e-8 USD per unit] price of the change
    realized_e8 integer not null, -- [1e-8 USD] profit moved into the settlement balance
    funding_e8 integer not null, -- [1e-8 USD] funding paid; negative when received
    reason integer not null, -- why: code of domain position_reason
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is a match in a book or a trade against the pool, both sides.
create table if not exists fill (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    market integer not null, -- market
    taker integer not null, -- account that took
    maker integer not null, -- account that rested, or the pool
    maker_order integer, -- the resting order; none against the pool
    size_e8 integer not null check (size_e8 <> 0), -- [1e-8 units] positive when the taker bought
    price_e8 integer not null, -- [1e-8 USD per unit] price
    taker_fee_e8 integer not null, -- [1e-8 USD] paid by the taker
    maker_fee_e8 integer not null, -- [1e-8 USD] paid by the maker; negative is a rebate
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is an order that began to rest in a book, or was taken out of it.
create table if not exists order_change (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    change integer not null, -- what happened: code of domain order_change
    market integer not null, -- market
    order_id integer not null, -- its number in the market's book
    account integer not null, -- whose it is
    side integer not null, -- code of domain side
    price_e8 integer not null, -- [1e-8 USD per unit] limit
    remaining_e8 integer not null, -- [1e-8 units] still to be traded
    reduce_only integer not null check (reduce_only in (0, 1)), -- 1 when it may only reduce a position
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is a market's funding at the beginning of a block, where it moved.
create table if not exists funding (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction; -1, as funding accrues between blocks
    seq integer not null, -- event
    market integer not null, -- market
    index_e8 integer not null, -- [1e-8 USD per unit] cumulative funding a long has paid, rounded down
    index_rest_e18 integer not null check (index_rest_e18 between 0 and 9999999999), -- [1e-18 USD per unit] what that left out
    rate_e8 integer not null, -- [1e-8 per 8 h] rate; positive when longs pay
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is one step of a liquidation, with what the protocol knew and what was true.
create table if not exists liquidation (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    account integer not null, -- account liquidated
    payer integer not null, -- the liquidator's account, which repays and is paid
    kind integer not null, -- what it took: code of domain liquidation_kind
    market integer, -- market of the position or result taken; none for collateral
    seized_asset integer, -- asset seized, or that paid for a loss taken over; none for a position
    repaid_asset integer, -- asset of the debt repaid, or that paid for a profit taken over; none for a position
    size_e8 integer not null, -- [1e-8 units] signed size closed, amount seized, or result taken over
    repaid_e8 integer not null, -- [1e-8 units] debt repaid, or what paid for a result
    price_e8 integer not null, -- [1e-8 USD per unit] the protocol's price of the market or seized asset; for a result, of the settlement asset
    price_age_ms integer not null, -- [ms] how old that price was, since observation
    reference_price_e8 integer not null, -- [1e-8 USD per unit] the outside price at that moment
    equity_before_e8 integer not null, -- [1e-8 USD] weighted equity before, at the protocol's prices
    requirement_before_e8 integer not null, -- [1e-8 USD] maintenance margin before, at the protocol's prices
    equity_after_e8 integer not null, -- [1e-8 USD] weighted equity after
    requirement_after_e8 integer not null, -- [1e-8 USD] maintenance margin after
    true_equity_before_e8 integer not null, -- [1e-8 USD] weighted equity before the block, at outside prices
    true_requirement_before_e8 integer not null, -- [1e-8 USD] maintenance margin before the block, at outside prices
    penalty_e8 integer not null, -- [1e-8 USD] what the account paid
    to_liquidator_e8 integer not null, -- [1e-8 USD] of that, to the liquidator
    to_insurance_e8 integer not null, -- [1e-8 USD] of that, to the insurance fund
    deficit_e8 integer not null, -- [1e-8 USD] negative equity that was left to cover
    liquidatable_since_ms integer, -- [ms since 1970] since when, at the protocol's prices; none if unknown
    truly_liquidatable_since_ms integer, -- [ms since 1970] since when, at outside prices; none if it was not
    wrongful integer not null check (wrongful in (0, 1)), -- 1 when healthy at outside prices, and no liquidation was under way that they would not have ended
    late integer not null check (late in (0, 1)), -- 1 when later than the scenario tolerates
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is who paid (part of) a deficit.
create table if not exists loss_cover (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    account integer not null, -- account that could not pay
    layer integer not null, -- which layer paid: code of domain loss_layer
    payer integer not null, -- account that paid; the bad-debt account when nobody did
    asset integer not null, -- asset owed
    amount_e8 integer not null check (amount_e8 > 0), -- [1e-8 units] amount
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is something that happened to an auction of collateral, and how the auction stands after it.
create table if not exists auction_event (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    auction integer not null, -- number of the auction, from 0
    kind integer not null, -- what happened: code of domain auction_event
    account integer not null, -- account whose collateral is sold
    actor integer, -- wallet of whoever started, bought, bid or won
    asset integer not null, -- asset that is sold
    price_e8 integer not null, -- [1e-8 settlement units] price of a Dutch auction; of an English one, bid per unit
    bought_e8 integer not null check (bought_e8 >= 0), -- [1e-8 units] collateral that was bought or won
    paid_e8 integer not null check (paid_e8 >= 0), -- [1e-8 settlement units] what was paid for it
    returned_e8 integer not null check (returned_e8 >= 0), -- [1e-8 units] what went back to the account
    uncovered_e8 integer not null check (uncovered_e8 >= 0), -- [1e-8 settlement units] debt that nobody paid
    reward_e8 integer not null check (reward_e8 >= 0), -- [1e-8 settlement units] paid for starting it
    lot_e8 integer not null check (lot_e8 >= 0), -- [1e-8 units] for sale after it
    principal_e8 integer not null check (principal_e8 >= 0), -- [1e-8 settlement units] the account's debt still owed
    debt_e8 integer not null check (debt_e8 >= 0), -- [1e-8 settlement units] still to be raised, with the penalty
    bid_e8 integer not null check (bid_e8 >= 0), -- [1e-8 settlement units] bid that is held after it
    oracle_price_e8 integer not null, -- [1e-8 USD] the protocol's price of the asset
    is_over integer not null check (is_over in (0, 1)), -- 1 when nothing is for sale any more
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is what became of a request for a trade: it was made, executed, cancelled or frozen because its execution failed,
-- or taken back by its owner.
create table if not exists trade_request (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    request integer not null, -- number of the request, from 0
    fate integer not null, -- what became of it: code of domain request_fate
    account integer not null, -- account that trades
    market integer not null, -- market
    kind integer not null, -- market or limit order: code of domain request_kind
    size_e8 integer not null, -- [1e-8 units] size asked for, negative sells
    limit_e8 integer, -- [1e-8 USD per unit] worst acceptable price; none for any
    reduce_only integer not null check (reduce_only in (0, 1)), -- 1 when it may only reduce
    created_ms integer not null, -- [ms since 1970] when it was made
    keeper integer, -- wallet of whoever executed it
    fee_e8 integer not null check (fee_e8 >= 0), -- [1e-8 settlement units] set aside, paid to the keeper, or returned
    price_e8 integer, -- [1e-8 USD per unit] price of the trade, where it was executed
    oracle_price_e8 integer, -- [1e-8 USD per unit] the oracle's price that it was executed at, or failed at
    observed_ms integer, -- [ms since 1970] when that was observed
    delay_ms integer not null check (delay_ms >= 0), -- [ms] since it was made
    reason integer, -- rejection for which its execution failed
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is a step of deleveraging by a pool: somebody looked whether the winners of a side win too much, or closed one.
create table if not exists pool_deleveraging (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    kind integer not null, -- what happened: code of domain pool_deleveraging
    market integer not null, -- market
    is_long integer not null check (is_long in (0, 1)), -- 1 for longs, 0 for shorts
    account integer, -- account that was closed; else none
    size_e8 integer not null, -- [1e-8 units] change of its size
    price_e8 integer, -- [1e-8 USD per unit] price of the closing
    realized_e8 integer not null, -- [1e-8 USD] profit that it realised
    share_before_e8 integer not null, -- [1e-8] the side's profit over what backs it, before
    share_after_e8 integer not null, -- [1e-8] and after
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is a step of the price impact that a pool keeps apart: what waits with a position, what of it is settled, what is
-- held of a charge above the cap, or given back.
create table if not exists impact_change (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    account integer not null, -- account
    market integer, -- market; none where what was held is given back
    pending_before_e8 integer not null, -- [1e-8 units of the underlying] what waited with the position; negative is a charge
    pending_after_e8 integer not null, -- [1e-8 units of the underlying] what waits with it now
    settled_e8 integer not null, -- [1e-8 settlement units] paid to the account, or with a minus by it
    held_e8 integer not null, -- [1e-8 settlement units] taken from it and held for it, or with a minus given back
    pool_change_e8 integer not null, -- [1e-8 units of the underlying] change of the market's impact pool
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is a deposit into the liquidity pool for shares of it, or with negative shares a withdrawal.
create table if not exists pool_share_change (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    account integer not null, -- account
    shares_e8 integer not null, -- [1e-8 shares] issued, or with a minus given back
    supply_after_e8 integer not null check (supply_after_e8 >= 0), -- [1e-8 shares] that there are now
    pool_value_e8 integer not null, -- [1e-8 USD] what the pool was worth to its depositors before
    value_e8 integer not null check (value_e8 >= 0), -- [1e-8 USD] brought or taken, before the fee
    fee_e8 integer not null check (fee_e8 >= 0), -- [1e-8 USD] fee
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is an order that began to rest in a spot market's book, or was taken out of it, with what is set aside for it. A market
-- is named by the two assets that it exchanges.
create table if not exists spot_order_change (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    change integer not null, -- what happened: code of domain order_change
    spot_market integer not null, -- number of the market, from 0
    order_id integer not null, -- its number in the market's book
    account integer not null, -- whose it is
    side integer not null, -- code of domain side
    price_e8 integer not null, -- [1e-8 quote per base] limit
    remaining_e8 integer not null, -- [1e-8 units of the base] still to be traded
    asset integer not null, -- what it gives: an ask the base, a bid the quote
    reserved_e8 integer not null check (reserved_e8 >= 0), -- [1e-8 units] set aside for it, or given back
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is one match in a spot market: the maker gives what its order has set aside, the taker what its account has.
create table if not exists spot_fill (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    spot_market integer not null, -- number of the market, from 0
    base integer not null, -- asset that is traded
    quote integer not null, -- asset that it is paid in
    taker integer not null, -- account that took
    maker integer not null, -- account whose order rested
    maker_order integer not null, -- that order's number in the book
    size_e8 integer not null, -- [1e-8 units of the base] signed from the taker's side
    price_e8 integer not null, -- [1e-8 quote per base] price
    cost_e8 integer not null check (cost_e8 >= 0), -- [1e-8 units of the quote] what it costs
    taker_fee_e8 integer not null, -- [1e-8 units of the quote] paid by the taker
    maker_fee_e8 integer not null, -- [1e-8 units of the quote] paid by the maker; negative is a rebate
    released_e8 integer not null check (released_e8 >= 0), -- [1e-8 units] no longer set aside: of the base when the taker buys, else of the quote
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is a change of who may do what: a pause, a changed parameter, a delegate, a market that is wound up, or a liquidation
-- that has begun or ended, while its account may neither open nor withdraw.
create table if not exists governance (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction
    seq integer not null, -- event
    kind integer not null, -- code of domain governance
    account integer, -- account of a delegation, a setting or a liquidation; else none
    delegate integer, -- address of a delegation; else none
    allowed integer check (allowed in (0, 1)), -- 1 when a delegation was given or a liquidation ended, 0 when taken or begun; else none
    payload text not null, -- what changed, as JSON
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is what an agent bought or sold in the world outside, so that its profit can be summed.
create table if not exists liquidator_trade (
    run integer not null, -- run
    block integer not null, -- block
    seq integer not null, -- place in the list
    agent integer not null, -- address of the agent
    wallet integer, -- account whose tokens were exchanged; none for a trade elsewhere
    feed integer not null, -- feed of what was traded
    purpose text not null, -- unwind of seized collateral, hedge of inventory, restock of what was repaid, script, credit or flash loan
    quantity_e8 integer not null, -- [1e-8 units] negative for a sale
    average_price_e8 integer not null, -- [1e-8 USD per unit] average price
    proceeds_e8 integer not null, -- [1e-8 USD] cash, positive for a sale
    slippage_e8 integer not null, -- [1e-8 USD] what the impact cost
    price_before_e8 integer not null, -- [1e-8 USD per unit] outside price before
    price_after_e8 integer not null, -- [1e-8 USD per unit] outside price after
    primary key (run, block, seq)
) strict, without rowid;

-- A row is an account's health at the end of a block: of those touched, and of all at a set cadence.
create table if not exists account_health (
    run integer not null, -- run
    block integer not null, -- block
    account integer not null, -- account
    equity_e8 integer not null, -- [1e-8 USD] unweighted worth
    initial_equity_e8 integer not null, -- [1e-8 USD] weighted equity for the initial margin
    initial_requirement_e8 integer not null, -- [1e-8 USD] initial margin
    maintenance_equity_e8 integer not null, -- [1e-8 USD] weighted equity for the maintenance margin
    maintenance_requirement_e8 integer not null, -- [1e-8 USD] maintenance margin
    true_equity_e8 integer not null, -- [1e-8 USD] weighted equity at outside prices
    true_requirement_e8 integer not null, -- [1e-8 USD] maintenance margin at outside prices
    primary key (run, block, account)
) strict, without rowid;

-- A row is the whole protocol at the end of a block.
create table if not exists protocol_metric (
    run integer not null, -- run
    block integer not null, -- block
    open_interest_e8 integer not null, -- [1e-8 USD] one-sided open interest of all markets
    collateral_e8 integer not null, -- [1e-8 USD] margin accounts' positive balances
    insurance_fund_e8 integer not null, -- [1e-8 USD] insurance fund
    bad_debt_e8 integer not null, -- [1e-8 USD] recorded bad debt, positive
    pool_equity_e8 integer not null, -- [1e-8 USD] liquidity pool, unrealised profit included
    underwater_e8 integer not null, -- [1e-8 USD] what insolvent accounts owe beyond all they have, in truth
    liquidatable_on_chain integer not null, -- accounts liquidatable at the protocol's prices
    liquidatable_in_truth integer not null, -- accounts liquidatable at outside prices
    stale_feeds integer not null, -- feeds whose price is stale
    newly_liquidatable integer not null, -- accounts that became liquidatable at the protocol's prices in this block
    newly_liquidatable_e8 integer not null, -- [1e-8 USD] their positions' notional and debts
    taken_at_once integer not null, -- those of them that were liquidated in this block
    taken_at_once_e8 integer not null, -- [1e-8 USD] their positions' notional and debts
    primary key (run, block)
) strict, without rowid;

-- A row is a sold right to the place directly behind an oracle report; it stands in the block in which
-- its end was known. Reports that make nobody liquidatable, or that nobody bids on, have none.
create table if not exists oev_auction (
    run integer not null, -- run
    block integer not null, -- block
    seq integer not null, -- place in the list
    feed integer not null, -- feed of the report
    round integer not null, -- the report's number in the feed
    report_id integer not null, -- id of the transaction that carries the report
    accounts_due integer not null, -- accounts that the report makes liquidatable
    bids integer not null check (bids >= 1), -- sealed bids
    winner integer not null, -- address of the highest bidder
    highest_bid_e8 integer not null, -- [1e-8 USD] its bid
    second_bid_e8 integer not null, -- [1e-8 USD] the next best bid; 0 without one
    paid_e8 integer not null, -- [1e-8 USD] what the winner paid; 0 unless included
    to_protocol_e8 integer not null, -- [1e-8 USD] of that, to the protocol
    to_oracle_e8 integer not null, -- [1e-8 USD] of that, to the oracle
    to_builder_e8 integer not null, -- [1e-8 USD] of that, to whoever built the block
    bonus_e8 integer not null, -- [1e-8 USD] what the liquidations behind the report paid the winner
    fate integer not null, -- what became of the winner's bundle: code of domain bundle_fate
    tx integer, -- place of the bundle's first transaction in the block; none unless included
    primary key (run, block, seq)
) strict, without rowid;

-- A row is a bundle sent to builders in private, in the block in which its end was known: those that were refused when they
-- were sent are in the next block.
create table if not exists bundle (
    run integer not null, -- run
    block integer not null, -- block
    seq integer not null, -- place in the list
    id integer not null, -- id of its first transaction
    sender integer not null, -- address that signed that
    tx_count integer not null check (tx_count >= 1), -- transactions in it
    gas_limit integer not null, -- [gas] room it needs
    price_wei integer not null, -- [wei per gas] what it pays on average; 0 where it cannot pay the base fee
    behind_id integer, -- id of the transaction directly behind which it stands; none = its payment decides
    fate integer not null, -- what became of it: code of domain bundle_fate
    tx integer, -- place of its first transaction in the block; none unless included
    rejection integer, -- why a part of it failed: code of domain rejection; none unless it failed
    reason integer, -- why it is in no block: code of domain bundle_reason; none where it is in one
    part_id integer, -- id of the transaction for which it was refused or failed; none where it is for no single one
    primary key (run, block, seq)
) strict, without rowid;

-- A row is a round of the chain's express lane that somebody won, or that ended a holder's.
create table if not exists express_round (
    run integer not null, -- run
    block integer not null, -- first block of the round
    seq integer not null, -- place in the list
    start_ms integer not null, -- [ms since 1970] when the round began
    holder integer, -- address that is not delayed; none where nobody bid
    bids integer not null, -- sealed bids
    highest_wei integer not null, -- [wei] the winner's bid
    paid_wei integer not null, -- [wei] what it pays: the second bid, at least the reserve
    primary key (run, block, seq)
) strict, without rowid;

-- A row is a study: one scenario at several points, each run with the same seeds, so that points differ
-- only by what was varied. Its runs stand in study_run in order of point and seed, written by one writer:
-- a study that was stopped is a prefix of itself, and the same command goes on.
create table if not exists study (
    study integer primary key check (study >= 1), -- its number in this file
    name text not null, -- what it is called: the scenario's name, or the study file's
    question text not null, -- what it asks
    kind text not null, -- how its points were chosen: grid, latin, attribution or search
    scenario text not null, -- name of the scenario
    scenario_text text not null, -- the scenario in full without what is varied, as YAML
    engine_version text not null, -- the version of the program that ran it
    point_count integer not null check (point_count >= 1), -- how many points it has
    first_seed integer not null check (first_seed >= 0), -- the first seed of each point
    seed_count integer not null check (seed_count >= 1), -- how many seeds each point has, one after another
    shard integer, -- which part of a study that was split this file holds, from 1; none for a whole one
    shard_count integer, -- how many parts there are; none for a whole one
    check ((shard is null) = (shard_count is null))
) strict;

-- A row is a point of a study.
create table if not exists study_point (
    study integer not null, -- study
    point integer not null check (point >= 0), -- its place, from 0
    label text not null, -- the values that make it, for people
    scenario_hash blob not null check (length(scenario_hash) = 32), -- SHA-256 of the point's scenario in full
    primary key (study, point)
) strict, without rowid;

-- A row is one value that a point overrides in the scenario, as after --set.
create table if not exists study_setting (
    study integer not null, -- study
    point integer not null, -- point
    seq integer not null, -- place among the point's values
    key text not null, -- dotted path, as in a scenario
    value text not null, -- its value, as in a scenario
    number_e8 integer, -- [1e-8] the number in it, in seconds, shares or dollars; none where it is not one number
    primary key (study, point, seq)
) strict, without rowid;

-- A row is a metric that a study measures; docs/metrics.md defines them.
create table if not exists study_metric (
    study integer not null, -- study
    metric integer not null, -- its number in the study
    name text not null, -- its name
    unit text not null, -- what it is measured in: count, share, dollars, seconds, gwei, price or exactness
    primary key (study, metric)
) strict, without rowid;

-- A row is one run of a study, complete.
create table if not exists study_run (
    study integer not null, -- study
    point integer not null, -- point
    seed integer not null, -- its seed
    block_count integer not null, -- blocks built
    unseed integer not null, -- one more draw at the very end: equal runs end in an equal state
    primary key (study, point, seed)
) strict, without rowid;

-- A row is one metric of one run of a study.
create table if not exists study_result (
    study integer not null, -- study
    point integer not null, -- point
    seed integer not null, -- seed
    metric integer not null, -- number of the metric
    value_e8 integer not null, -- [1e-8 of the metric's unit] its value
    primary key (study, point, seed, metric)
) strict, without rowid;

-- A row is a liquidation that a liquidator sent, with what it knew then and what became of it. It
-- stands in the block in which its fate became known; those on their way at the end in the last one.
-- Only where the scenario asks for decisions.
create table if not exists liquidator_decision (
    run integer not null, -- run
    block integer not null, -- block in which its fate became known
    seq integer not null, -- place in the list
    agent integer not null, -- address of the liquidator
    account integer not null, -- account it went after
    decided_block integer not null, -- block for which it decided
    trigger integer not null, -- what set it off: code of domain decision_trigger
    tx_id integer not null, -- id of its transaction
    tx integer, -- place of the transaction in the block; none when it was not included
    equity_e8 integer not null, -- [1e-8 USD] the account's weighted equity, as decided on
    requirement_e8 integer not null, -- [1e-8 USD] the account's maintenance margin, as decided on
    price_age_ms integer not null, -- [ms] age of the price of what it takes, since observation
    expected_profit_e8 integer not null, -- [1e-8 USD] after gas, slippage and the cost of money
    bid_wei integer not null, -- [wei per gas] what it bid
    rivals integer not null, -- others' liquidations of the account it saw waiting
    result integer not null, -- what became of it: code of domain decision_result
    reason integer, -- number of the rejection or the drop; none otherwise
    execution_equity_e8 integer, -- [1e-8 USD] weighted equity just before it ran; none when it did not
    execution_requirement_e8 integer, -- [1e-8 USD] maintenance margin just before it ran; none likewise
    primary key (run, block, seq)
) strict, without rowid;

-- A row is a market's mark, where that is not its oracle's price, when it or its index became another.
-- Between two rows both stood as the earlier one says. Only where a market has a mark of its own.
create table if not exists mark_price (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction that brought the index; -1 for what the book showed as the block began
    seq integer not null, -- event
    market integer not null, -- market
    mark_e8 integer not null check (mark_e8 > 0), -- [1e-8 USD per unit] what positions are valued at
    index_e8 integer not null check (index_e8 > 0), -- [1e-8 USD per unit] the oracle's price
    bid_e8 integer, -- [1e-8 USD per unit] best bid in the book; none where nobody bids
    ask_e8 integer, -- [1e-8 USD per unit] best offer in the book; none where nobody offers
    last_trade_e8 integer, -- [1e-8 USD per unit] last fill in the book; none before the first
    primary key (run, block, tx, seq)
) strict, without rowid;

-- A row is a payment of funding in which longs and shorts have a rate each, since the pool pays no more than its fees
-- allow. The longs' own index stands in `funding`.
create table if not exists funding_split (
    run integer not null, -- run
    block integer not null, -- block
    tx integer not null, -- transaction; -1, as funding accrues between blocks
    seq integer not null, -- event
    market integer not null, -- market
    short_index_e8 integer not null, -- [1e-8 USD per unit] cumulative funding a short has been paid, rounded down
    short_index_rest_e18 integer not null check (short_index_rest_e18 between 0 and 9999999999), -- [1e-18 USD per unit] what that left out
    pool_received_e8 integer not null, -- [1e-8 USD] what the pool received; negative where it paid
    fees_left_e8 integer not null, -- [1e-8 USD] what is left of the pool's fees
    primary key (run, block, tx, seq)
) strict, without rowid;

-- == codes ==
insert or ignore into code (domain, code, name) values
    ('table', 0, 'run'),
    ('table', 1, 'asset'),
    ('table', 2, 'market'),
    ('table', 3, 'feed'),
    ('table', 4, 'agent'),
    ('table', 5, 'parameter'),
    ('table', 6, 'account'),
    ('table', 7, 'block'),
    ('table', 8, 'tx'),
    ('table', 9, 'tx_dropped'),
    ('table', 10, 'oracle_report'),
    ('table', 11, 'oracle_price'),
    ('table', 12, 'reference_price'),
    ('table', 13, 'balance_change'),
    ('table', 14, 'position_change'),
    ('table', 15, 'fill'),
    ('table', 16, 'order_change'),
    ('table', 17, 'funding'),
    ('table', 18, 'liquidation'),
    ('table', 19, 'loss_cover'),
    ('table', 20, 'governance'),
    ('table', 21, 'liquidator_trade'),
    ('table', 22, 'account_health'),
    ('table', 23, 'protocol_metric'),
    ('table', 50, 'auction_event'),
    ('table', 70, 'oev_auction'),
    ('table', 71, 'bundle'),
    ('table', 72, 'express_round'),
    ('table', 90, 'liquidator_decision'),
    ('table', 95, 'mark_price'),
    ('table', 98, 'trade_request'),
    ('table', 99, 'pool_deleveraging'),
    ('table', 103, 'funding_split'),
    ('table', 109, 'impact_change'),
    ('table', 110, 'pool_share_change'),
    ('table', 112, 'spot_order_change'),
    ('table', 113, 'spot_fill'),
    ('pool_deleveraging', 1, 'enabled'),
    ('pool_deleveraging', 2, 'disabled'),
    ('pool_deleveraging', 3, 'closed'),
    ('request_fate', 1, 'created'),
    ('request_fate', 2, 'executed'),
    ('request_fate', 3, 'cancelled'),
    ('request_fate', 4, 'frozen'),
    ('request_fate', 5, 'expired'),
    ('request_kind', 1, 'market'),
    ('request_kind', 2, 'limit'),
    ('decision_trigger', 1, 'poll'),
    ('decision_trigger', 2, 'report'),
    ('decision_trigger', 3, 'raise'),
    ('decision_result', 1, 'won'),
    ('decision_result', 2, 'lost'),
    ('decision_result', 3, 'failed'),
    ('decision_result', 4, 'dropped'),
    ('decision_result', 5, 'replaced'),
    ('decision_result', 6, 'pending'),
    ('bundle_fate', 1, 'included'),
    ('bundle_fate', 2, 'failed'),
    ('bundle_fate', 3, 'lapsed'),
    ('bundle_fate', 4, 'refused'),
    ('bundle_reason', 1, 'noPlace'),
    ('bundle_reason', 2, 'expired'),
    ('bundle_reason', 3, 'tooLarge'),
    ('bundle_reason', 4, 'gasLimitTooLow'),
    ('bundle_reason', 5, 'queueFull'),
    ('bundle_reason', 6, 'rejected'),
    ('bundle_reason', 7, 'overtaken'),
    ('role', 0, 'margin'),
    ('role', 1, 'wallet'),
    ('role', 2, 'liquidityPool'),
    ('role', 3, 'insuranceFund'),
    ('role', 4, 'treasury'),
    ('role', 5, 'badDebt'),
    ('role', 6, 'outside'),
    ('role', 7, 'clearing'),
    ('role', 8, 'funding'),
    ('role', 9, 'backstop'),
    ('role', 10, 'interest'),
    ('role', 11, 'auction'),
    ('role', 12, 'bids'),
    ('role', 20, 'escrow'),
    ('role', 85, 'impactPool'),
    ('role', 86, 'impactClaims'),
    ('role', 90, 'spotEscrow'),
    ('command', 1, 'deposit'),
    ('command', 2, 'withdraw'),
    ('command', 3, 'transfer'),
    ('command', 4, 'openAccount'),
    ('command', 5, 'setDelegate'),
    ('command', 6, 'trade'),
    ('command', 7, 'placeOrder'),
    ('command', 8, 'cancelOrder'),
    ('command', 9, 'postPrice'),
    ('command', 10, 'liquidate'),
    ('command', 11, 'pause'),
    ('command', 12, 'setParameter'),
    ('command', 13, 'settleOutside'),
    ('command', 14, 'configure'),
    ('command', 15, 'buyCollateral'),
    ('command', 20, 'startAuction'),
    ('command', 21, 'takeAuction'),
    ('command', 22, 'bidAuction'),
    ('command', 23, 'restartAuction'),
    ('command', 24, 'settleAuction'),
    ('command', 32, 'attach'),
    ('command', 33, 'reportUptime'),
    ('command', 36, 'payAuction'),
    ('command', 45, 'requestTrade'),
    ('command', 46, 'executeRequest'),
    ('command', 47, 'cancelRequest'),
    ('command', 48, 'updateDeleveraging'),
    ('command', 49, 'deleverage'),
    ('command', 50, 'settleResult'),
    ('command', 58, 'windUp'),
    ('command', 62, 'addLiquidity'),
    ('command', 63, 'removeLiquidity'),
    ('command', 64, 'claimImpact'),
    ('command', 70, 'placeSpotOrder'),
    ('command', 71, 'cancelSpotOrder'),
    ('drop', 1, 'nonceTooLow'),
    ('drop', 2, 'replacementUnderpriced'),
    ('drop', 3, 'replaced'),
    ('drop', 4, 'expired'),
    ('drop', 5, 'poolFull'),
    ('drop', 6, 'senderLimit'),
    ('drop', 7, 'feeTooLow'),
    ('drop', 8, 'gasLimitAboveBlock'),
    ('drop', 9, 'gasLimitTooLow'),
    ('drop', 10, 'lost'),
    ('drop', 11, 'bundleFailed'),
    ('fate', 1, 'accepted'),
    ('fate', 2, 'rejected'),
    ('fate', 3, 'dropped'),
    ('fate', 4, 'pending'),
    ('balance_reason', 1, 'genesis'),
    ('balance_reason', 2, 'deposit'),
    ('balance_reason', 3, 'withdrawal'),
    ('balance_reason', 4, 'transfer'),
    ('balance_reason', 5, 'realizedProfit'),
    ('balance_reason', 6, 'funding'),
    ('balance_reason', 7, 'takerFee'),
    ('balance_reason', 8, 'makerFee'),
    ('balance_reason', 9, 'liquidationPenalty'),
    ('balance_reason', 10, 'collateralSeized'),
    ('balance_reason', 11, 'debtRepaid'),
    ('balance_reason', 12, 'lossCover'),
    ('balance_reason', 13, 'outsideTrade'),
    ('balance_reason', 14, 'interest'),
    ('balance_reason', 15, 'collateralSold'),
    ('balance_reason', 46, 'auctionStarted'),
    ('balance_reason', 47, 'auctionDebt'),
    ('balance_reason', 48, 'auctionPaid'),
    ('balance_reason', 49, 'auctionPenalty'),
    ('balance_reason', 50, 'auctionBought'),
    ('balance_reason', 51, 'auctionReturned'),
    ('balance_reason', 52, 'auctionReward'),
    ('balance_reason', 53, 'bidHeld'),
    ('balance_reason', 54, 'bidReturned'),
    ('balance_reason', 59, 'oevPaid'),
    ('balance_reason', 60, 'fundingLimited'),
    ('balance_reason', 65, 'executionFeeHeld'),
    ('balance_reason', 66, 'executionFeePaid'),
    ('balance_reason', 67, 'executionFeeReturned'),
    ('balance_reason', 70, 'resultTakenOver'),
    ('balance_reason', 75, 'poolFunding'),
    ('balance_reason', 85, 'impactSettled'),
    ('balance_reason', 86, 'impactHeld'),
    ('balance_reason', 87, 'impactDistributed'),
    ('balance_reason', 88, 'liquidityAdded'),
    ('balance_reason', 89, 'liquidityRemoved'),
    ('balance_reason', 90, 'spotReserved'),
    ('balance_reason', 91, 'spotReleased'),
    ('balance_reason', 92, 'spotTraded'),
    ('position_reason', 1, 'trade'),
    ('position_reason', 2, 'orderMatch'),
    ('position_reason', 3, 'liquidation'),
    ('position_reason', 4, 'deleveraging'),
    ('position_reason', 10, 'resultSettlement'),
    ('position_reason', 80, 'settlement'),
    ('order_change', 1, 'placed'),
    ('order_change', 2, 'cancelled'),
    ('side', 0, 'buy'),
    ('side', 1, 'sell'),
    ('liquidation_kind', 1, 'position'),
    ('liquidation_kind', 2, 'collateral'),
    ('liquidation_kind', 3, 'deficit'),
    ('liquidation_kind', 10, 'flagged'),
    ('liquidation_kind', 13, 'auction'),
    ('liquidation_kind', 20, 'order'),
    ('liquidation_kind', 21, 'profit'),
    ('liquidation_kind', 22, 'loss'),
    ('liquidation_kind', 23, 'lossLeft'),
    ('liquidation_kind', 27, 'ordersCancelled'),
    ('auction_event', 1, 'started'),
    ('auction_event', 2, 'taken'),
    ('auction_event', 3, 'bid'),
    ('auction_event', 4, 'restarted'),
    ('auction_event', 5, 'settled'),
    ('loss_layer', 0, 'insuranceFund'),
    ('loss_layer', 1, 'socialised'),
    ('loss_layer', 2, 'badDebt'),
    ('loss_layer', 3, 'reserves'),
    ('loss_layer', 4, 'autoDeleveraging'),
    ('loss_layer', 5, 'backstop'),
    ('loss_layer', 6, 'pool'),
    ('loss_layer', 10, 'feePool'),
    ('loss_layer', 11, 'socialisedByFunding'),
    ('governance', 1, 'pause'),
    ('governance', 2, 'parameter'),
    ('governance', 3, 'delegate'),
    ('governance', 4, 'setting'),
    ('governance', 30, 'uptime'),
    ('governance', 60, 'liquidationBegan'),
    ('governance', 61, 'liquidationEnded'),
    ('governance', 80, 'marketWoundUp'),
    ('rejection', 101, 'amountNotPositive'),
    ('rejection', 102, 'unknownAccount'),
    ('rejection', 103, 'unknownAsset'),
    ('rejection', 104, 'unknownMarket'),
    ('rejection', 105, 'unknownFeed'),
    ('rejection', 106, 'sameAccount'),
    ('rejection', 107, 'wrongRole'),
    ('rejection', 108, 'parameterInvalid'),
    ('rejection', 201, 'senderNotOwner'),
    ('rejection', 202, 'senderNotReporter'),
    ('rejection', 203, 'senderNotGovernance'),
    ('rejection', 204, 'senderNotSystem'),
    ('rejection', 205, 'ownersDiffer'),
    ('rejection', 206, 'senderNotVenue'),
    ('rejection', 301, 'paused'),
    ('rejection', 302, 'priceMissing'),
    ('rejection', 303, 'priceStale'),
    ('rejection', 321, 'priceUncertain'),
    ('rejection', 322, 'priceDiverges'),
    ('rejection', 323, 'sequencerDown'),
    ('rejection', 324, 'sequencerGracePeriod'),
    ('rejection', 325, 'priceOutOfBounds'),
    ('rejection', 326, 'priceInvalid'),
    ('rejection', 341, 'wouldWorsen'),
    ('rejection', 350, 'noOrderWithinLimit'),
    ('rejection', 360, 'requestNeeded'),
    ('rejection', 361, 'noRequests'),
    ('rejection', 362, 'unknownRequest'),
    ('rejection', 363, 'requestFrozen'),
    ('rejection', 364, 'priceOutsideWindow'),
    ('rejection', 365, 'requestExpired'),
    ('rejection', 366, 'requestNotExpired'),
    ('rejection', 367, 'requestNotDue'),
    ('rejection', 368, 'deleveragingNotEnabled'),
    ('rejection', 369, 'deleveragingRefused'),
    ('rejection', 380, 'liquidationGrace'),
    ('rejection', 401, 'insufficientBalance'),
    ('rejection', 402, 'insufficientMargin'),
    ('rejection', 403, 'assetNotBorrowable'),
    ('rejection', 404, 'depositCapExceeded'),
    ('rejection', 405, 'isolatedOnlyFromParent'),
    ('rejection', 406, 'borrowCapExceeded'),
    ('rejection', 407, 'insufficientLiquidity'),
    ('rejection', 408, 'nothingToSettle'),
    ('rejection', 409, 'settledOnClosing'),
    ('rejection', 411, 'beingLiquidated'),
    ('rejection', 421, 'belowMinimumDebt'),
    ('rejection', 422, 'marketReduceOnly'),
    ('rejection', 423, 'marketSettled'),
    ('rejection', 430, 'nothingToClaim'),
    ('rejection', 431, 'noPoolShares'),
    ('rejection', 432, 'assetNotInPool'),
    ('rejection', 433, 'poolCapExceeded'),
    ('rejection', 434, 'poolProfitTooHigh'),
    ('rejection', 435, 'poolWorthless'),
    ('rejection', 436, 'receivedTooLittle'),
    ('rejection', 437, 'insufficientShares'),
    ('rejection', 438, 'poolReserveExceeded'),
    ('rejection', 440, 'noAccountMarginRatio'),
    ('rejection', 460, 'unknownSpotMarket'),
    ('rejection', 461, 'isolatedHasNoSpot'),
    ('rejection', 462, 'nothingToMatchInSpot'),
    ('rejection', 470, 'priceStaleForMargin'),
    ('rejection', 501, 'marketNotAllowed'),
    ('rejection', 502, 'noPool'),
    ('rejection', 503, 'limitExceeded'),
    ('rejection', 504, 'wouldIncrease'),
    ('rejection', 505, 'openInterestCapExceeded'),
    ('rejection', 506, 'exposureTooLarge'),
    ('rejection', 507, 'unknownOrder'),
    ('rejection', 508, 'postOnlyWouldCross'),
    ('rejection', 509, 'nothingToMatch'),
    ('rejection', 601, 'accountHealthy'),
    ('rejection', 602, 'targetNotAllowed'),
    ('rejection', 603, 'nothingToLiquidate'),
    ('rejection', 604, 'oncePerBlock'),
    ('rejection', 605, 'payerCannotTakePosition'),
    ('rejection', 606, 'leavesDust'),
    ('rejection', 607, 'notForSale'),
    ('rejection', 608, 'boughtTooLittle'),
    ('rejection', 611, 'nothingAllowedYet'),
    ('rejection', 612, 'windowExhausted'),
    ('rejection', 621, 'noAuctions'),
    ('rejection', 622, 'auctionLimitReached'),
    ('rejection', 623, 'unknownAuction'),
    ('rejection', 624, 'wrongAuctionKind'),
    ('rejection', 625, 'auctionOver'),
    ('rejection', 626, 'auctionStale'),
    ('rejection', 627, 'noPartialPurchase'),
    ('rejection', 628, 'auctionRunning'),
    ('rejection', 629, 'biddingEnded'),
    ('rejection', 630, 'bidNotMatching'),
    ('rejection', 631, 'bidTooLow'),
    ('rejection', 632, 'soldByAuction'),
    ('rejection', 701, 'priceNotPositive'),
    ('rejection', 702, 'reportFromFuture'),
    ('rejection', 703, 'reportOutdated'),
    ('rejection', 704, 'priceDeviates'),
    ('rejection', 705, 'confidenceTooWide'),
    ('rejection', 721, 'periodNotOver'),
    ('rejection', 722, 'feedNotPulled'),
    ('rejection', 723, 'attachedSpreadTooWide'),
    ('rejection', 901, 'overflow');

-- == triggers ==
-- Facts are append-only: each of these aborts a change of a row that was written.
create trigger if not exists asset_no_update before update on asset begin
    select raise(abort, 'asset is append-only: a row may not be changed'); end;
create trigger if not exists asset_no_delete before delete on asset begin
    select raise(abort, 'asset is append-only: a row may not be deleted'); end;
create trigger if not exists market_no_update before update on market begin
    select raise(abort, 'market is append-only: a row may not be changed'); end;
create trigger if not exists market_no_delete before delete on market begin
    select raise(abort, 'market is append-only: a row may not be deleted'); end;
create trigger if not exists feed_no_update before update on feed begin
    select raise(abort, 'feed is append-only: a row may not be changed'); end;
create trigger if not exists feed_no_delete before delete on feed begin
    select raise(abort, 'feed is append-only: a row may not be deleted'); end;
create trigger if not exists agent_no_update before update on agent begin
    select raise(abort, 'agent is append-only: a row may not be changed'); end;
create trigger if not exists agent_no_delete before delete on agent begin
    select raise(abort, 'agent is append-only: a row may not be deleted'); end;
create trigger if not exists parameter_no_update before update on parameter begin
    select raise(abort, 'parameter is append-only: a row may not be changed'); end;
create trigger if not exists parameter_no_delete before delete on parameter begin
    select raise(abort, 'parameter is append-only: a row may not be deleted'); end;
create trigger if not exists account_no_update before update on account begin
    select raise(abort, 'account is append-only: a row may not be changed'); end;
create trigger if not exists account_no_delete before delete on account begin
    select raise(abort, 'account is append-only: a row may not be deleted'); end;
create trigger if not exists block_no_update before update on block begin
    select raise(abort, 'block is append-only: a row may not be changed'); end;
create trigger if not exists block_no_delete before delete on block begin
    select raise(abort, 'block is append-only: a row may not be deleted'); end;
create trigger if not exists block_digest_no_update before update on block_digest begin
    select raise(abort, 'block_digest is append-only: a row may not be changed'); end;
create trigger if not exists block_digest_no_delete before delete on block_digest begin
    select raise(abort, 'block_digest is append-only: a row may not be deleted'); end;
create trigger if not exists tx_no_update before update on tx begin
    select raise(abort, 'tx is append-only: a row may not be changed'); end;
create trigger if not exists tx_no_delete before delete on tx begin
    select raise(abort, 'tx is append-only: a row may not be deleted'); end;
create trigger if not exists tx_dropped_no_update before update on tx_dropped begin
    select raise(abort, 'tx_dropped is append-only: a row may not be changed'); end;
create trigger if not exists tx_dropped_no_delete before delete on tx_dropped begin
    select raise(abort, 'tx_dropped is append-only: a row may not be deleted'); end;
create trigger if not exists oracle_report_no_update before update on oracle_report begin
    select raise(abort, 'oracle_report is append-only: a row may not be changed'); end;
create trigger if not exists oracle_report_no_delete before delete on oracle_report begin
    select raise(abort, 'oracle_report is append-only: a row may not be deleted'); end;
create trigger if not exists oracle_price_no_update before update on oracle_price begin
    select raise(abort, 'oracle_price is append-only: a row may not be changed'); end;
create trigger if not exists oracle_price_no_delete before delete on oracle_price begin
    select raise(abort, 'oracle_price is append-only: a row may not be deleted'); end;
create trigger if not exists reference_price_no_update before update on reference_price begin
    select raise(abort, 'reference_price is append-only: a row may not be changed'); end;
create trigger if not exists reference_price_no_delete before delete on reference_price begin
    select raise(abort, 'reference_price is append-only: a row may not be deleted'); end;
create trigger if not exists balance_change_no_update before update on balance_change begin
    select raise(abort, 'balance_change is append-only: a row may not be changed'); end;
create trigger if not exists balance_change_no_delete before delete on balance_change begin
    select raise(abort, 'balance_change is append-only: a row may not be deleted'); end;
create trigger if not exists position_change_no_update before update on position_change begin
    select raise(abort, 'position_change is append-only: a row may not be changed'); end;
create trigger if not exists position_change_no_delete before delete on position_change begin
    select raise(abort, 'position_change is append-only: a row may not be deleted'); end;
create trigger if not exists fill_no_update before update on fill begin
    select raise(abort, 'fill is append-only: a row may not be changed'); end;
create trigger if not exists fill_no_delete before delete on fill begin
    select raise(abort, 'fill is append-only: a row may not be deleted'); end;
create trigger if not exists order_change_no_update before update on order_change begin
    select raise(abort, 'order_change is append-only: a row may not be changed'); end;
create trigger if not exists order_change_no_delete before delete on order_change begin
    select raise(abort, 'order_change is append-only: a row may not be deleted'); end;
create trigger if not exists funding_no_update before update on funding begin
    select raise(abort, 'funding is append-only: a row may not be changed'); end;
create trigger if not exists funding_no_delete before delete on funding begin
    select raise(abort, 'funding is append-only: a row may not be deleted'); end;
create trigger if not exists liquidation_no_update before update on liquidation begin
    select raise(abort, 'liquidation is append-only: a row may not be changed'); end;
create trigger if not exists liquidation_no_delete before delete on liquidation begin
    select raise(abort, 'liquidation is append-only: a row may not be deleted'); end;
create trigger if not exists loss_cover_no_update before update on loss_cover begin
    select raise(abort, 'loss_cover is append-only: a row may not be changed'); end;
create trigger if not exists loss_cover_no_delete before delete on loss_cover begin
    select raise(abort, 'loss_cover is append-only: a row may not be deleted'); end;
create trigger if not exists auction_event_no_update before update on auction_event begin
    select raise(abort, 'auction_event is append-only: a row may not be changed'); end;
create trigger if not exists auction_event_no_delete before delete on auction_event begin
    select raise(abort, 'auction_event is append-only: a row may not be deleted'); end;
create trigger if not exists governance_no_update before update on governance begin
    select raise(abort, 'governance is append-only: a row may not be changed'); end;
create trigger if not exists governance_no_delete before delete on governance begin
    select raise(abort, 'governance is append-only: a row may not be deleted'); end;
create trigger if not exists liquidator_trade_no_update before update on liquidator_trade begin
    select raise(abort, 'liquidator_trade is append-only: a row may not be changed'); end;
create trigger if not exists liquidator_trade_no_delete before delete on liquidator_trade begin
    select raise(abort, 'liquidator_trade is append-only: a row may not be deleted'); end;
create trigger if not exists account_health_no_update before update on account_health begin
    select raise(abort, 'account_health is append-only: a row may not be changed'); end;
create trigger if not exists account_health_no_delete before delete on account_health begin
    select raise(abort, 'account_health is append-only: a row may not be deleted'); end;
create trigger if not exists protocol_metric_no_update before update on protocol_metric begin
    select raise(abort, 'protocol_metric is append-only: a row may not be changed'); end;
create trigger if not exists protocol_metric_no_delete before delete on protocol_metric begin
    select raise(abort, 'protocol_metric is append-only: a row may not be deleted'); end;
create trigger if not exists oev_auction_no_update before update on oev_auction begin
    select raise(abort, 'oev_auction is append-only: a row may not be changed'); end;
create trigger if not exists oev_auction_no_delete before delete on oev_auction begin
    select raise(abort, 'oev_auction is append-only: a row may not be deleted'); end;
create trigger if not exists bundle_no_update before update on bundle begin
    select raise(abort, 'bundle is append-only: a row may not be changed'); end;
create trigger if not exists bundle_no_delete before delete on bundle begin
    select raise(abort, 'bundle is append-only: a row may not be deleted'); end;
create trigger if not exists express_round_no_update before update on express_round begin
    select raise(abort, 'express_round is append-only: a row may not be changed'); end;
create trigger if not exists express_round_no_delete before delete on express_round begin
    select raise(abort, 'express_round is append-only: a row may not be deleted'); end;
create trigger if not exists liquidator_decision_no_update before update on liquidator_decision begin
    select raise(abort, 'liquidator_decision is append-only: a row may not be changed'); end;
create trigger if not exists liquidator_decision_no_delete before delete on liquidator_decision begin
    select raise(abort, 'liquidator_decision is append-only: a row may not be deleted'); end;
create trigger if not exists mark_price_no_update before update on mark_price begin
    select raise(abort, 'mark_price is append-only: a row may not be changed'); end;
create trigger if not exists mark_price_no_delete before delete on mark_price begin
    select raise(abort, 'mark_price is append-only: a row may not be deleted'); end;
create trigger if not exists funding_split_no_update before update on funding_split begin
    select raise(abort, 'funding_split is append-only: a row may not be changed'); end;
create trigger if not exists funding_split_no_delete before delete on funding_split begin
    select raise(abort, 'funding_split is append-only: a row may not be deleted'); end;
create trigger if not exists trade_request_no_update before update on trade_request begin
    select raise(abort, 'trade_request is append-only: a row may not be changed'); end;
create trigger if not exists trade_request_no_delete before delete on trade_request begin
    select raise(abort, 'trade_request is append-only: a row may not be deleted'); end;
create trigger if not exists impact_change_no_update before update on impact_change begin
    select raise(abort, 'impact_change is append-only: a row may not be changed'); end;
create trigger if not exists impact_change_no_delete before delete on impact_change begin
    select raise(abort, 'impact_change is append-only: a row may not be deleted'); end;
create trigger if not exists pool_share_change_no_update before update on pool_share_change begin
    select raise(abort, 'pool_share_change is append-only: a row may not be changed'); end;
create trigger if not exists pool_share_change_no_delete before delete on pool_share_change begin
    select raise(abort, 'pool_share_change is append-only: a row may not be deleted'); end;
create trigger if not exists spot_order_change_no_update before update on spot_order_change begin
    select raise(abort, 'spot_order_change is append-only: a row may not be changed'); end;
create trigger if not exists spot_order_change_no_delete before delete on spot_order_change begin
    select raise(abort, 'spot_order_change is append-only: a row may not be deleted'); end;
create trigger if not exists spot_fill_no_update before update on spot_fill begin
    select raise(abort, 'spot_fill is append-only: a row may not be changed'); end;
create trigger if not exists spot_fill_no_delete before delete on spot_fill begin
    select raise(abort, 'spot_fill is append-only: a row may not be deleted'); end;
create trigger if not exists pool_deleveraging_no_update before update on pool_deleveraging begin
    select raise(abort, 'pool_deleveraging is append-only: a row may not be changed'); end;
create trigger if not exists pool_deleveraging_no_delete before delete on pool_deleveraging begin
    select raise(abort, 'pool_deleveraging is append-only: a row may not be deleted'); end;
create trigger if not exists run_no_update
before update of run, scenario, scenario_text, seed, engine_version, start_ms, settlement_asset, gas_feed
on run begin
    select raise(abort, 'run: only status, block_count, head_hash and unseed may change'); end;
create trigger if not exists run_no_delete before delete on run begin
    select raise(abort, 'run is append-only: a row may not be deleted'); end;
create trigger if not exists study_no_update before update on study begin
    select raise(abort, 'study is append-only: a row may not be changed'); end;
create trigger if not exists study_no_delete before delete on study begin
    select raise(abort, 'study is append-only: a row may not be deleted'); end;
create trigger if not exists study_point_no_update before update on study_point begin
    select raise(abort, 'study_point is append-only: a row may not be changed'); end;
create trigger if not exists study_point_no_delete before delete on study_point begin
    select raise(abort, 'study_point is append-only: a row may not be deleted'); end;
create trigger if not exists study_setting_no_update before update on study_setting begin
    select raise(abort, 'study_setting is append-only: a row may not be changed'); end;
create trigger if not exists study_setting_no_delete before delete on study_setting begin
    select raise(abort, 'study_setting is append-only: a row may not be deleted'); end;
create trigger if not exists study_metric_no_update before update on study_metric begin
    select raise(abort, 'study_metric is append-only: a row may not be changed'); end;
create trigger if not exists study_metric_no_delete before delete on study_metric begin
    select raise(abort, 'study_metric is append-only: a row may not be deleted'); end;
create trigger if not exists study_run_no_update before update on study_run begin
    select raise(abort, 'study_run is append-only: a row may not be changed'); end;
create trigger if not exists study_run_no_delete before delete on study_run begin
    select raise(abort, 'study_run is append-only: a row may not be deleted'); end;
create trigger if not exists study_result_no_update before update on study_result begin
    select raise(abort, 'study_result is append-only: a row may not be changed'); end;
create trigger if not exists study_result_no_delete before delete on study_result begin
    select raise(abort, 'study_result is append-only: a row may not be deleted'); end;

-- == views ==
-- Each view below shows its table in plain units, with names and ISO times.

-- Runs, with what they amount to.
create view if not exists v_run as
select
    r.run, r.scenario, r.seed, r.engine_version, r.status, r.block_count,
    strftime('%Y-%m-%dT%H:%M:%fZ', r.start_ms / 1000.0, 'unixepoch') as start,
    (select strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') from block b
        where b.run = r.run order by b.block desc limit 1) as "end",
    (select sum(b.tx_count) from block b where b.run = r.run) as tx_count,
    (select s.name from asset s where s.run = r.run and s.asset = r.settlement_asset)
        as settlement_asset,
    (select f.name from feed f where f.run = r.run and f.feed = r.gas_feed) as gas_feed,
    lower(hex(r.head_hash)) as head_hash, r.unseed
from run r;

-- Assets with their feeds.
create view if not exists v_asset as
select s.run, s.asset, s.name, s.feed, f.name as feed_name
from asset s left join feed f using (run, feed);

-- Markets with their feeds.
create view if not exists v_market as
select m.run, m.market, m.name, m.feed, f.name as feed_name
from market m left join feed f using (run, feed);

-- Feeds.
create view if not exists v_feed as select run, feed, name from feed;

-- Agents with what they sent.
create view if not exists v_agent as
select
    a.run, a.address, a.name, a.kind, a."group",
    (select count(*) from account c where c.run = a.run and c.owner = a.address) as accounts
from agent a;

-- Parameters at genesis.
create view if not exists v_parameter as select run, key, value from parameter order by run, seq;

-- Accounts with the names of their owners and roles.
create view if not exists v_account as
select
    a.run, a.account, coalesce(a.name, 'account ' || a.account) as name, c.name as role, a.owner,
    o.name as owner_name, o.kind as owner_kind, o."group" as owner_group, a.parent, a.market,
    m.name as market_name, a.block, a.tx
from account a
left join code c on c.domain = 'role' and c.code = a.role
left join agent o on o.run = a.run and o.address = a.owner
left join market m on m.run = a.run and m.market = a.market;

-- Blocks.
create view if not exists v_block as
select
    run, block, strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') as time, missed_slots,
    base_fee_wei / 1e9 as base_fee_gwei, gas_limit, gas_used, demand_gas, backlog_gas,
    was_full, mempool_depth, marginal_tip_wei / 1e9 as marginal_tip_gwei,
    minimum_price_wei / 1e9 as minimum_price_gwei, tx_count, event_count,
    lower(hex(parent_hash)) as parent_hash, lower(hex(hash)) as hash
from block;

-- Digests of the blocks' tables.
create view if not exists v_block_digest as
select d.run, d.block, c.name as "table", d.row_count, lower(hex(d.digest)) as digest
from block_digest d left join code c on c.domain = 'table' and c.code = d.table_id;

-- Transactions: what they asked, waited and paid.
create view if not exists v_tx as
select
    t.run, t.block, t.tx, strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time,
    t.id, t.sender, a.name as sender_name, a.kind as sender_kind, t.nonce, k.name as kind,
    t.payload, strftime('%Y-%m-%dT%H:%M:%fZ', t.submitted_ms / 1000.0, 'unixepoch') as submitted,
    (b.time_ms - t.submitted_ms) / 1e3 as delay_s, t.gas_limit, t.gas_used,
    t.max_fee_wei / 1e9 as max_fee_gwei, t.max_tip_wei / 1e9 as max_tip_gwei,
    t.effective_price_wei / 1e9 as effective_price_gwei, t.tip_wei / 1e9 as tip_gwei,
    t.gas_used * (t.effective_price_wei / 1e18) as fee_eth,
    iif(t.applied, 'applied', 'rejected') as status, t.rejection as rejection_code,
    j.name as rejection, t.rejection_values
from tx t
left join block b using (run, block)
left join agent a on a.run = t.run and a.address = t.sender
left join code k on k.domain = 'command' and k.code = t.kind
left join code j on j.domain = 'rejection' and j.code = t.rejection;

-- Transactions that never got into a block.
create view if not exists v_tx_dropped as
select
    t.run, t.block, t.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', t.dropped_ms / 1000.0, 'unixepoch') as dropped, t.id, t.sender,
    a.name as sender_name, a.kind as sender_kind, t.nonce, k.name as kind, t.payload,
    strftime('%Y-%m-%dT%H:%M:%fZ', t.submitted_ms / 1000.0, 'unixepoch') as submitted,
    (t.dropped_ms - t.submitted_ms) / 1e3 as waited_s, t.gas_limit,
    t.max_fee_wei / 1e9 as max_fee_gwei, t.max_tip_wei / 1e9 as max_tip_gwei, d.name as reason,
    t.replaced_by
from tx_dropped t
left join agent a on a.run = t.run and a.address = t.sender
left join code k on k.domain = 'command' and k.code = t.kind
left join code d on d.domain = 'drop' and d.code = t.reason;

-- Price reports: how late each was, and what became of it.
create view if not exists v_oracle_report as
select
    o.run, o.block, o.seq, o.feed, f.name as feed_name, o.round, o."trigger",
    o.price_e8 / 1e8 as price, o.confidence_e8 / 1e8 as confidence,
    o.reference_price_e8 / 1e8 as reference_price,
    strftime('%Y-%m-%dT%H:%M:%fZ', o.observed_ms / 1000.0, 'unixepoch') as observed,
    (o.published_ms - o.observed_ms) / 1e3 as publishing_s,
    (o.submitted_ms - o.published_ms) / 1e3 as sending_s,
    (b.time_ms - o.submitted_ms) / 1e3 as inclusion_s,
    (b.time_ms - o.observed_ms) / 1e3 as age_s, o.tx_id, o.tx, c.name as fate,
    (select e.name from code e where e.code = o.reason
        and e.domain = case c.name when 'rejected' then 'rejection' else 'drop' end) as reason
from oracle_report o
left join block b using (run, block)
left join feed f on f.run = o.run and f.feed = o.feed
left join code c on c.domain = 'fate' and c.code = o.fate;

-- The protocol's prices, each with the blocks it was valid at the end of.
create view if not exists v_oracle_price as
select
    p.run, p.block, p.tx, p.seq, p.feed, f.name as feed_name, p.round, p.price_e8 / 1e8 as price,
    p.confidence_e8 / 1e8 as confidence,
    strftime('%Y-%m-%dT%H:%M:%fZ', p.observed_ms / 1000.0, 'unixepoch') as observed,
    strftime('%Y-%m-%dT%H:%M:%fZ', p.published_ms / 1000.0, 'unixepoch') as published,
    p.price_e8, p.observed_ms, p.block as valid_from_block,
    coalesce(
        lead(p.block) over (partition by p.run, p.feed order by p.block, p.tx, p.seq) - 1,
        (select r.block_count - 1 from run r where r.run = p.run)) as valid_to_block
from oracle_price p left join feed f using (run, feed);

-- Outside prices.
create view if not exists v_reference_price as
select
    p.run, p.block, strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time,
    p.feed, f.name as feed_name, p.exogenous_e8 / 1e8 as exogenous, p.impact_e8 / 1e8 as impact,
    p.price_e8 / 1e8 as price
from reference_price p left join block b using (run, block)
left join feed f on f.run = p.run and f.feed = p.feed;

-- Movements of tokens.
create view if not exists v_balance_change as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.account,
    coalesce(a.name, 'account ' || c.account) as account_name, c.asset, s.name as asset_name,
    c.delta_e8 / 1e8 as delta, c.after_e8 / 1e8 as after, k.name as reason
from balance_change c left join block b using (run, block)
left join account a on a.run = c.run and a.account = c.account
left join asset s on s.run = c.run and s.asset = c.asset
left join code k on k.domain = 'balance_reason' and k.code = c.reason;

-- Changes of positions.
create view if not exists v_position_change as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.account,
    coalesce(a.name, 'account ' || c.account) as account_name, c.market, m.name as market_name,
    c.size_before_e8 / 1e8 as size_before, c.size_after_e8 / 1e8 as size_after,
    c.cost_before_e8 * 1.0 / nullif(c.size_before_e8, 0) as entry_price_before,
    c.cost_after_e8 * 1.0 / nullif(c.size_after_e8, 0) as entry_price_after,
    c.price_e8 / 1e8 as price, c.realized_e8 / 1e8 as realized, c.funding_e8 / 1e8 as funding,
    k.name as reason
from position_change c left join block b using (run, block)
left join account a on a.run = c.run and a.account = c.account
left join market m on m.run = c.run and m.market = c.market
left join code k on k.domain = 'position_reason' and k.code = c.reason;

-- Trades.
create view if not exists v_fill as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.market,
    m.name as market_name, c.taker, coalesce(t.name, 'account ' || c.taker) as taker_name, c.maker,
    coalesce(k.name, 'account ' || c.maker) as maker_name, c.maker_order, c.size_e8 / 1e8 as size,
    c.price_e8 / 1e8 as price, c.size_e8 / 1e8 * (c.price_e8 / 1e8) as notional,
    c.taker_fee_e8 / 1e8 as taker_fee, c.maker_fee_e8 / 1e8 as maker_fee
from fill c left join block b using (run, block)
left join market m on m.run = c.run and m.market = c.market
left join account t on t.run = c.run and t.account = c.taker
left join account k on k.run = c.run and k.account = c.maker;

-- Orders that began to rest or were taken out.
create view if not exists v_order_change as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, k.name as change,
    c.market, m.name as market_name, c.order_id, c.account,
    coalesce(a.name, 'account ' || c.account) as account_name, s.name as side,
    c.price_e8 / 1e8 as price, c.remaining_e8 / 1e8 as remaining, c.reduce_only
from order_change c left join block b using (run, block)
left join market m on m.run = c.run and m.market = c.market
left join account a on a.run = c.run and a.account = c.account
left join code k on k.domain = 'order_change' and k.code = c.change
left join code s on s.domain = 'side' and s.code = c.side;

-- Funding.
create view if not exists v_funding as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.market,
    m.name as market_name, c.index_e8 / 1e8 + c.index_rest_e18 / 1e18 as "index",
    c.rate_e8 / 1e8 as rate_per_8h
from funding c left join block b using (run, block)
left join market m on m.run = c.run and m.market = c.market;

-- Orders that took part of a liquidated position: each fill with the liquidation whose order it was.
create view if not exists v_liquidation_fill as
select
    f.run, f.block, f.tx, f.seq, l.seq as liquidation_seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, l.account,
    a.name as account_name, f.market, m.name as market_name, f.maker, k.name as maker_name,
    f.maker_order, f.size_e8 / 1e8 as size, f.price_e8 / 1e8 as price,
    l.price_e8 / 1e8 as average_price, l.reference_price_e8 / 1e8 as reference_price,
    f.maker_fee_e8 / 1e8 as maker_fee
from fill f
join liquidation l
    on l.run = f.run and l.block = f.block and l.tx = f.tx and l.account = f.taker
    and l.market = f.market and l.kind = 20
left join block b on b.run = f.run and b.block = f.block
left join market m on m.run = f.run and m.market = f.market
left join account a on a.run = f.run and a.account = l.account
left join account k on k.run = f.run and k.account = f.maker
where f.maker_order is not null;

-- Funding in which the pool pays or receives by its fees.
create view if not exists v_funding_split as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.market,
    m.name as market_name, c.short_index_e8 / 1e8 + c.short_index_rest_e18 / 1e18 as short_index,
    c.pool_received_e8 / 1e8 as pool_received, c.fees_left_e8 / 1e8 as fees_left
from funding_split c left join block b using (run, block)
left join market m on m.run = c.run and m.market = c.market;

-- Marks against their indexes.
create view if not exists v_mark_price as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.market,
    m.name as market_name, c.mark_e8 / 1e8 as mark, c.index_e8 / 1e8 as "index",
    100.0 * (c.mark_e8 - c.index_e8) / c.index_e8 as basis_percent, c.bid_e8 / 1e8 as bid,
    c.ask_e8 / 1e8 as ask, c.last_trade_e8 / 1e8 as last_trade
from mark_price c left join block b using (run, block)
left join market m on m.run = c.run and m.market = c.market;

-- Liquidation steps. Health is equity less requirement.
create view if not exists v_liquidation as
select
    l.run, l.block, l.tx, l.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, l.account,
    coalesce(a.name, 'account ' || l.account) as account_name, l.payer,
    coalesce(p.name, 'account ' || l.payer) as payer_name, o.name as liquidator, k.name as kind,
    coalesce(m.name, s.name) as taken, d.name as repaid_asset, l.size_e8 / 1e8 as size,
    l.repaid_e8 / 1e8 as repaid, l.price_e8 / 1e8 as price, l.price_age_ms / 1e3 as price_age_s,
    l.reference_price_e8 / 1e8 as reference_price,
    (l.equity_before_e8 - l.requirement_before_e8) / 1e8 as health_before,
    (l.equity_after_e8 - l.requirement_after_e8) / 1e8 as health_after,
    (l.true_equity_before_e8 - l.true_requirement_before_e8) / 1e8 as true_health_before,
    l.penalty_e8 / 1e8 as penalty, l.to_liquidator_e8 / 1e8 as to_liquidator,
    l.to_insurance_e8 / 1e8 as to_insurance, l.deficit_e8 / 1e8 as deficit,
    strftime('%Y-%m-%dT%H:%M:%fZ', l.liquidatable_since_ms / 1000.0, 'unixepoch')
        as liquidatable_since,
    strftime('%Y-%m-%dT%H:%M:%fZ', l.truly_liquidatable_since_ms / 1000.0, 'unixepoch')
        as truly_liquidatable_since,
    l.wrongful, l.late
from liquidation l left join block b using (run, block)
left join account a on a.run = l.run and a.account = l.account
left join account p on p.run = l.run and p.account = l.payer
left join agent o on o.run = p.run and o.address = p.owner
left join market m on m.run = l.run and m.market = l.market
left join asset s on s.run = l.run and s.asset = l.seized_asset
left join asset d on d.run = l.run and d.asset = l.repaid_asset
left join code k on k.domain = 'liquidation_kind' and k.code = l.kind;

-- Who paid which deficit.
create view if not exists v_loss_cover as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.account,
    coalesce(a.name, 'account ' || c.account) as account_name, k.name as layer, c.payer,
    coalesce(p.name, 'account ' || c.payer) as payer_name, s.name as asset,
    c.amount_e8 / 1e8 as amount
from loss_cover c left join block b using (run, block)
left join account a on a.run = c.run and a.account = c.account
left join account p on p.run = c.run and p.account = c.payer
left join asset s on s.run = c.run and s.asset = c.asset
left join code k on k.domain = 'loss_layer' and k.code = c.layer;

-- What happened to auctions of collateral, beside what the lot was worth outside.
create view if not exists v_auction_event as
select
    e.run, e.block, e.tx, e.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, e.auction,
    k.name as kind, e.account, coalesce(a.name, 'account ' || e.account) as account_name, e.actor,
    coalesce(w.name, 'account ' || e.actor) as actor_name, s.name as asset,
    e.price_e8 / 1e8 as price, e.bought_e8 / 1e8 as bought, e.paid_e8 / 1e8 as paid,
    e.returned_e8 / 1e8 as returned, e.uncovered_e8 / 1e8 as uncovered,
    e.reward_e8 / 1e8 as reward, e.lot_e8 / 1e8 as lot, e.principal_e8 / 1e8 as principal,
    e.debt_e8 / 1e8 as debt, e.bid_e8 / 1e8 as bid, e.oracle_price_e8 / 1e8 as oracle_price,
    r.price_e8 / 1e8 as reference_price, e.is_over
from auction_event e left join block b using (run, block)
left join account a on a.run = e.run and a.account = e.account
left join account w on w.run = e.run and w.account = e.actor
left join asset s on s.run = e.run and s.asset = e.asset
left join reference_price r on r.run = e.run and r.block = e.block and r.feed = s.feed
left join code k on k.domain = 'auction_event' and k.code = e.kind;

-- One line for each auction: when it started and ended, what it sold, for how much, and what that was worth outside
-- in the blocks of the purchases. A lot that somebody won for less than one settlement unit was as good as given away.
create view if not exists v_auction as
select
    run, auction, min(account_name) as account_name, min(asset) as asset, min(time) as started,
    max(case when is_over then time end) as ended,
    sum(case when kind = 'started' then lot end) as lot,
    sum(case when kind = 'started' then debt end) as debt,
    sum(case when kind = 'bid' then 1 else 0 end) as bids,
    sum(case when kind = 'restarted' then 1 else 0 end) as restarts, sum(bought) as bought,
    sum(paid) as paid, sum(bought * reference_price) as outside_value, sum(returned) as returned,
    sum(uncovered) as uncovered, sum(reward) as rewards,
    max(case when kind = 'settled' then actor_name end) as winner,
    max(case when kind = 'settled' and paid < 1 then 1 else 0 end) as was_zero_bid
from v_auction_event group by run, auction;

-- What became of each request for a trade, step by step, with the outside price of that block.
create view if not exists v_trade_request as
select
    q.run, q.block, q.tx, q.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, q.request,
    f.name as fate, q.account, coalesce(a.name, 'account ' || q.account) as account_name,
    m.name as market, k.name as kind, q.size_e8 / 1e8 as size, q.limit_e8 / 1e8 as limit_price,
    q.reduce_only, strftime('%Y-%m-%dT%H:%M:%fZ', q.created_ms / 1000.0, 'unixepoch') as created,
    q.keeper, coalesce(w.name, 'account ' || q.keeper) as keeper_name, q.fee_e8 / 1e8 as fee,
    q.price_e8 / 1e8 as price, q.oracle_price_e8 / 1e8 as oracle_price,
    (q.observed_ms - q.created_ms) / 1e3 as price_after_s, q.delay_ms / 1e3 as delay_s,
    r.price_e8 / 1e8 as reference_price, j.name as reason
from trade_request q left join block b using (run, block)
left join account a on a.run = q.run and a.account = q.account
left join account w on w.run = q.run and w.account = q.keeper
left join market m on m.run = q.run and m.market = q.market
left join reference_price r on r.run = q.run and r.block = q.block and r.feed = m.feed
left join code f on f.domain = 'request_fate' and f.code = q.fate
left join code k on k.domain = 'request_kind' and k.code = q.kind
left join code j on j.domain = 'rejection' and j.code = q.reason;

-- Deleveraging by a pool: when winners of a side might be closed, and who was.
create view if not exists v_pool_deleveraging as
select
    d.run, d.block, d.tx, d.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, k.name as kind,
    m.name as market, case when d.is_long then 'long' else 'short' end as side, d.account,
    coalesce(a.name, 'account ' || d.account) as account_name, d.size_e8 / 1e8 as size,
    d.price_e8 / 1e8 as price, d.realized_e8 / 1e8 as realized,
    d.share_before_e8 / 1e8 as share_before, d.share_after_e8 / 1e8 as share_after
from pool_deleveraging d left join block b using (run, block)
left join market m on m.run = d.run and m.market = d.market
left join account a on a.run = d.run and a.account = d.account
left join code k on k.domain = 'pool_deleveraging' and k.code = d.kind;

-- Price impact that a pool keeps apart: what waits with positions, what of it was settled, and what is held of charges.
create view if not exists v_impact_change as
select
    i.run, i.block, i.tx, i.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, m.name as market, i.account,
    coalesce(a.name, 'account ' || i.account) as account_name, i.pending_before_e8 / 1e8 as pending_before,
    i.pending_after_e8 / 1e8 as pending_after, i.settled_e8 / 1e8 as settled, i.held_e8 / 1e8 as held,
    i.pool_change_e8 / 1e8 as pool_change
from impact_change i left join block b using (run, block)
left join market m on m.run = i.run and m.market = i.market
left join account a on a.run = i.run and a.account = i.account;

-- Deposits into the liquidity pool and withdrawals, with the price of a share at which they were made.
create view if not exists v_pool_share_change as
select
    s.run, s.block, s.tx, s.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, s.account,
    coalesce(a.name, 'account ' || s.account) as account_name, s.shares_e8 / 1e8 as shares,
    s.supply_after_e8 / 1e8 as supply_after, s.pool_value_e8 / 1e8 as pool_value,
    iif(s.supply_after_e8 = s.shares_e8, 1.0, s.pool_value_e8 * 1.0 / (s.supply_after_e8 - s.shares_e8)) as share_price,
    s.value_e8 / 1e8 as value, s.fee_e8 / 1e8 as fee
from pool_share_change s left join block b using (run, block)
left join account a on a.run = s.run and a.account = s.account;

-- Orders that began to rest in spot markets or were taken out, with what is set aside for them.
create view if not exists v_spot_order_change as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, k.name as change,
    c.spot_market, c.order_id, c.account, coalesce(a.name, 'account ' || c.account) as account_name,
    s.name as side, c.price_e8 / 1e8 as price, c.remaining_e8 / 1e8 as remaining, t.name as asset,
    c.reserved_e8 / 1e8 as reserved
from spot_order_change c left join block b using (run, block)
left join account a on a.run = c.run and a.account = c.account
left join asset t on t.run = c.run and t.asset = c.asset
left join code k on k.domain = 'order_change' and k.code = c.change
left join code s on s.domain = 'side' and s.code = c.side;

-- Matches in spot markets.
create view if not exists v_spot_fill as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time,
    x.name || '/' || q.name as market, c.taker,
    coalesce(t.name, 'account ' || c.taker) as taker_name, c.maker,
    coalesce(k.name, 'account ' || c.maker) as maker_name, c.maker_order,
    c.size_e8 / 1e8 as size, c.price_e8 / 1e8 as price, c.cost_e8 / 1e8 as cost,
    c.taker_fee_e8 / 1e8 as taker_fee, c.maker_fee_e8 / 1e8 as maker_fee,
    c.released_e8 / 1e8 as released
from spot_fill c left join block b using (run, block)
left join asset x on x.run = c.run and x.asset = c.base
left join asset q on q.run = c.run and q.asset = c.quote
left join account t on t.run = c.run and t.account = c.taker
left join account k on k.run = c.run and k.account = c.maker;

-- How long each request waited for its end: the time from its making, which price it got, how long after its making that
-- was observed, and how the outside price had moved meanwhile; one line for each that was executed.
create view if not exists v_execution_delay as
select
    e.run, e.block, e.tx, e.seq, e.time, e.request, e.account, e.account_name, e.market, e.size,
    c.created, e.delay_s, e.price_after_s, c.reference_price as reference_at_request, e.price,
    e.oracle_price, e.reference_price, e.fee, e.keeper_name
from v_trade_request e join v_trade_request c
    on c.run = e.run and c.request = e.request and c.fate = 'created'
where e.fate = 'executed';

-- Pauses, changed parameters, delegates.
create view if not exists v_governance as
select
    c.run, c.block, c.tx, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, k.name as kind,
    c.account, c.delegate, c.allowed, c.payload
from governance c left join block b using (run, block)
left join code k on k.domain = 'governance' and k.code = c.kind;

-- What agents traded in the world outside.
create view if not exists v_liquidator_trade as
select
    c.run, c.block, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.agent,
    a.name as agent_name, c.wallet, c.feed, f.name as feed_name, c.purpose,
    c.quantity_e8 / 1e8 as quantity, c.average_price_e8 / 1e8 as average_price,
    c.proceeds_e8 / 1e8 as proceeds, c.slippage_e8 / 1e8 as slippage,
    c.price_before_e8 / 1e8 as price_before, c.price_after_e8 / 1e8 as price_after
from liquidator_trade c left join block b using (run, block)
left join agent a on a.run = c.run and a.address = c.agent
left join feed f on f.run = c.run and f.feed = c.feed;

-- Sold places behind oracle reports. `kept` is what the winner kept of the bonus, before gas.
create view if not exists v_oev_auction as
select
    c.run, c.block, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.feed,
    f.name as feed_name, c.round, c.report_id, c.accounts_due, c.bids, c.winner,
    a.name as winner_name, c.highest_bid_e8 / 1e8 as highest_bid,
    c.second_bid_e8 / 1e8 as second_bid, c.paid_e8 / 1e8 as paid,
    c.to_protocol_e8 / 1e8 as to_protocol, c.to_oracle_e8 / 1e8 as to_oracle,
    c.to_builder_e8 / 1e8 as to_builder, c.bonus_e8 / 1e8 as bonus,
    (c.bonus_e8 - c.paid_e8) / 1e8 as kept, k.name as fate, c.tx
from oev_auction c left join block b using (run, block)
left join agent a on a.run = c.run and a.address = c.winner
left join feed f on f.run = c.run and f.feed = c.feed
left join code k on k.domain = 'bundle_fate' and k.code = c.fate;

-- Bundles sent to builders, and why those that are in no block are not, and by whom.
create view if not exists v_bundle as
select
    c.run, c.block, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, c.id, c.sender,
    a.name as sender_name, c.tx_count, c.gas_limit, c.price_wei / 1e9 as price_gwei, c.behind_id,
    k.name as fate, c.tx, r.name as rejection, w.name as reason,
    case when c.reason in (1, 3, 4, 5) then 'builders' when c.reason = 6 then 'protocol'
        when c.reason in (2, 7) then 'time' end as refused_by, c.part_id
from bundle c left join block b using (run, block)
left join agent a on a.run = c.run and a.address = c.sender
left join code k on k.domain = 'bundle_fate' and k.code = c.fate
left join code r on r.domain = 'rejection' and r.code = c.rejection
left join code w on w.domain = 'bundle_reason' and w.code = c.reason;

-- Rounds of the express lane.
create view if not exists v_express_round as
select
    c.run, c.block, c.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', c.start_ms / 1000.0, 'unixepoch') as start, c.holder,
    a.name as holder_name, c.bids, c.highest_wei / 1e18 as highest, c.paid_wei / 1e18 as paid
from express_round c left join agent a on a.run = c.run and a.address = c.holder;

-- What races for liquidations cost: of each sender's liquidations in blocks, those that came too late or failed, and
-- the gas that they burned, in the chain's own token.
create view if not exists v_race as
select
    t.run, t.sender, a.name as sender_name, a."group", count(*) as included,
    sum(1 - t.applied) as lost,
    sum(t.gas_used * (t.effective_price_wei / 1e18)) as gas_paid,
    sum((1 - t.applied) * t.gas_used * (t.effective_price_wei / 1e18)) as gas_burned,
    sum(t.gas_used * (t.tip_wei / 1e18)) as to_builders
from tx t left join agent a on a.run = t.run and a.address = t.sender
where t.kind = (select code from code where domain = 'command' and name = 'liquidate')
    -- What brings prices along names the command that it runs.
    or (t.kind = (select code from code where domain = 'command' and name = 'attach')
        and json_extract(t.payload, '$.command') = 'liquidate')
group by t.run, t.sender;
-- What liquidators knew when they sent a liquidation, and what became of it. `delay_blocks` is from the
-- decision to the block that decided its fate; `rivals_lost` counts others' transactions for the same
-- account that lost in that block.
create view if not exists v_liquidator_decision as
select
    d.run, d.block, d.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, d.agent,
    g.name as agent_name, g."group" as agent_group, d.account,
    coalesce(a.name, 'account ' || d.account) as account_name, d.decided_block,
    d.block - d.decided_block as delay_blocks, t.name as trigger, d.tx_id, d.tx,
    (d.equity_e8 - d.requirement_e8) / 1e8 as health_at_decision,
    (d.execution_equity_e8 - d.execution_requirement_e8) / 1e8 as health_at_execution,
    d.price_age_ms / 1e3 as price_age_s, d.expected_profit_e8 / 1e8 as expected_profit,
    d.bid_wei / 1e9 as bid_gwei, d.rivals, r.name as result,
    case when d.result in (2, 3) then j.name when d.result in (4, 5) then o.name end as reason,
    (select count(*) from liquidator_decision x
        where x.run = d.run and x.block = d.block and x.account = d.account and x.result = 2
            and x.agent <> d.agent) as rivals_lost
from liquidator_decision d left join block b using (run, block)
left join agent g on g.run = d.run and g.address = d.agent
left join account a on a.run = d.run and a.account = d.account
left join code t on t.domain = 'decision_trigger' and t.code = d.trigger
left join code r on r.domain = 'decision_result' and r.code = d.result
left join code j on j.domain = 'rejection' and j.code = d.reason
left join code o on o.domain = 'drop' and o.code = d.reason;

-- Accounts' health. `health` is what may still be lost before a liquidation.
create view if not exists v_account_health as
select
    h.run, h.block, strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time,
    h.account, coalesce(a.name, 'account ' || h.account) as account_name,
    h.equity_e8 / 1e8 as equity, h.initial_requirement_e8 / 1e8 as initial_margin,
    h.maintenance_requirement_e8 / 1e8 as maintenance_margin,
    (h.initial_equity_e8 - h.initial_requirement_e8) / 1e8 as initial_health,
    (h.maintenance_equity_e8 - h.maintenance_requirement_e8) / 1e8 as health,
    (h.true_equity_e8 - h.true_requirement_e8) / 1e8 as true_health
from account_health h left join block b using (run, block)
left join account a on a.run = h.run and a.account = h.account;

-- The protocol as a whole.
create view if not exists v_protocol_metric as
select
    p.run, p.block, strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time,
    p.open_interest_e8 / 1e8 as open_interest, p.collateral_e8 / 1e8 as collateral,
    p.insurance_fund_e8 / 1e8 as insurance_fund, p.bad_debt_e8 / 1e8 as bad_debt,
    p.pool_equity_e8 / 1e8 as pool_equity, p.underwater_e8 / 1e8 as underwater,
    p.liquidatable_on_chain, p.liquidatable_in_truth, p.stale_feeds,
    p.newly_liquidatable, p.newly_liquidatable_e8 / 1e8 as newly_liquidatable_exposure,
    p.taken_at_once, p.taken_at_once_e8 / 1e8 as taken_at_once_exposure
from protocol_metric p left join block b using (run, block);

-- The views below answer questions.

-- Balances as they stood: the row with `:block between valid_from_block and valid_to_block` is the
-- balance at the end of that block. No row, no balance.
create view if not exists v_balance_history as
select
    w.run, w.account, coalesce(a.name, 'account ' || w.account) as account_name, k.name as role,
    w.asset, s.name as asset_name, w.after_e8 / 1e8 as balance, w.after_e8 as balance_e8,
    w.valid_from_block, w.valid_to_block
from (
    select
        c.run, c.account, c.asset, c.after_e8, c.block as valid_from_block,
        coalesce(
            lead(c.block) over (
                partition by c.run, c.account, c.asset order by c.block, c.tx, c.seq) - 1,
            (select r.block_count - 1 from run r where r.run = c.run)) as valid_to_block
    from balance_change c) w
left join account a on a.run = w.run and a.account = w.account
left join asset s on s.run = w.run and s.asset = w.asset
left join code k on k.domain = 'role' and k.code = a.role
where w.valid_to_block >= w.valid_from_block;

-- Positions as they stood; read as v_balance_history.
create view if not exists v_position_history as
select
    w.run, w.account, coalesce(a.name, 'account ' || w.account) as account_name, k.name as role,
    w.market, m.name as market_name, w.size_after_e8 / 1e8 as size,
    w.cost_after_e8 * 1.0 / nullif(w.size_after_e8, 0) as entry_price,
    w.size_after_e8 as size_e8, w.cost_after_e8 as cost_e8, w.valid_from_block, w.valid_to_block
from (
    select
        c.run, c.account, c.market, c.size_after_e8, c.cost_after_e8,
        c.block as valid_from_block,
        coalesce(
            lead(c.block) over (
                partition by c.run, c.account, c.market order by c.block, c.tx, c.seq) - 1,
            (select r.block_count - 1 from run r where r.run = c.run)) as valid_to_block
    from position_change c) w
left join account a on a.run = w.run and a.account = w.account
left join market m on m.run = w.run and m.market = w.market
left join code k on k.domain = 'role' and k.code = a.role
where w.valid_to_block >= w.valid_from_block;

-- Health as last recorded; read as v_balance_history. Between two rows prices may have moved it.
create view if not exists v_health_history as
select
    w.run, w.account, coalesce(a.name, 'account ' || w.account) as account_name,
    w.equity_e8 / 1e8 as equity, w.initial_requirement_e8 / 1e8 as initial_margin,
    w.maintenance_requirement_e8 / 1e8 as maintenance_margin,
    (w.maintenance_equity_e8 - w.maintenance_requirement_e8) / 1e8 as health,
    (w.true_equity_e8 - w.true_requirement_e8) / 1e8 as true_health, w.valid_from_block,
    w.valid_to_block
from (
    select
        h.*, h.block as valid_from_block,
        coalesce(
            lead(h.block) over (partition by h.run, h.account order by h.block) - 1,
            (select r.block_count - 1 from run r where r.run = h.run)) as valid_to_block
    from account_health h) w
left join account a on a.run = w.run and a.account = w.account;

-- The price each liquidation used, how old it was, and the true price at that moment.
create view if not exists v_liquidation_price as
select
    l.run, l.block, l.tx, l.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, l.account,
    coalesce(a.name, 'account ' || l.account) as account_name, coalesce(m.name, s.name) as taken,
    l.price_e8 / 1e8 as price, l.price_age_ms / 1e3 as price_age_s,
    l.reference_price_e8 / 1e8 as reference_price,
    l.price_e8 * 1.0 / nullif(l.reference_price_e8, 0) - 1 as price_error
from liquidation l left join block b using (run, block)
left join account a on a.run = l.run and a.account = l.account
left join market m on m.run = l.run and m.market = l.market
left join asset s on s.run = l.run and s.asset = l.seized_asset
where l.kind <> 3;

-- Liquidations of accounts that were healthy at outside prices.
create view if not exists v_wrongful_liquidation as
select
    run, block, tx, seq, time, account, account_name, taken, size, price, price_age_s,
    reference_price, health_before, true_health_before, penalty
from v_liquidation where wrongful;

-- How long accounts stayed liquidatable before they were liquidated.
create view if not exists v_liquidation_delay as
select
    l.run, l.block, l.tx, l.seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') as time, l.account,
    coalesce(a.name, 'account ' || l.account) as account_name,
    (b.time_ms - l.truly_liquidatable_since_ms) / 1e3 as delay_in_truth_s,
    (b.time_ms - l.liquidatable_since_ms) / 1e3 as delay_on_chain_s,
    (l.liquidatable_since_ms - l.truly_liquidatable_since_ms) / 1e3 as oracle_delay_s, l.late,
    l.wrongful, l.deficit_e8 / 1e8 as deficit
from liquidation l left join block b using (run, block)
left join account a on a.run = l.run and a.account = l.account;

-- What each agent that liquidates earned. Trades outside count against book value, which is the
-- protocol's last price at that block; a position taken over counts when it is closed.
create view if not exists v_liquidator_profit as
with
earned as (
    select l.run, o.owner as address, count(*) as steps, sum(l.to_liquidator_e8) / 1e8 as bonus
    from liquidation l join account o on o.run = l.run and o.account = l.payer
    group by l.run, o.owner),
positions as (
    select p.run, o.owner as address, sum(p.realized_e8 - p.funding_e8) / 1e8 as profit
    from position_change p join account o on o.run = p.run and o.account = p.account
    join agent g on g.run = o.run and g.address = o.owner and g.kind = 'liquidator'
    group by p.run, o.owner),
trades as (
    select
        t.run, t.agent as address, sum(t.slippage_e8) / 1e8 as slippage,
        sum(t.proceeds_e8 / 1e8 + t.quantity_e8 / 1e8 * coalesce(
            (select p.price_e8 from oracle_price p
                where p.run = t.run and p.feed = t.feed and p.block <= t.block
                order by p.block desc, p.tx desc, p.seq desc limit 1),
            t.price_before_e8) / 1e8) as profit
    from liquidator_trade t group by t.run, t.agent),
gas as (
    select
        x.run, x.sender as address, count(*) as sent, sum(1 - x.applied) as rejected,
        sum(x.gas_used * (x.effective_price_wei / 1e18)) as eth,
        sum(x.gas_used * (x.effective_price_wei / 1e18) * p.price_e8 / 1e8) as usd
    from tx x join agent g on g.run = x.run and g.address = x.sender and g.kind = 'liquidator'
    join run r on r.run = x.run
    left join reference_price p on p.run = x.run and p.block = x.block and p.feed = r.gas_feed
    group by x.run, x.sender),
rights as (
    select a.run, a.winner as address, sum(a.paid_e8) / 1e8 as usd from oev_auction a
    group by a.run, a.winner)
select
    g.run, g.address, g.name, coalesce(e.steps, 0) as steps, coalesce(c.sent, 0) as tx_sent,
    coalesce(c.rejected, 0) as tx_rejected, coalesce(e.bonus, 0) as bonus_usd,
    coalesce(p.profit, 0) as position_profit_usd, coalesce(t.profit, 0) as trade_profit_usd,
    coalesce(t.slippage, 0) as slippage_usd, coalesce(c.eth, 0) as gas_eth, c.usd as gas_usd,
    coalesce(r.usd, 0) as auctions_usd,
    coalesce(e.bonus, 0) + coalesce(p.profit, 0) + coalesce(t.profit, 0) - coalesce(c.usd, 0)
        - coalesce(r.usd, 0) as net_usd
from agent g
left join earned e on e.run = g.run and e.address = g.address
left join positions p on p.run = g.run and p.address = g.address
left join trades t on t.run = g.run and t.address = g.address
left join gas c on c.run = g.run and c.address = g.address
left join rights r on r.run = g.run and r.address = g.address
where g.kind = 'liquidator' or e.steps > 0;

-- How long transactions waited, by tenths of the tip they paid; decile 1 paid least.
create view if not exists v_inclusion_by_fee_decile as
with
tenths as (
    select
        t.run, t.tip_wei, t.effective_price_wei, b.time_ms - t.submitted_ms as delay_ms, t.applied,
        ntile(10) over (partition by t.run order by t.tip_wei, t.id) as decile
    from tx t join block b using (run, block)),
ranked as (
    select
        *, row_number() over (partition by run, decile order by delay_ms) as place,
        count(*) over (partition by run, decile) as n
    from tenths)
select
    run, decile, n as tx_count, min(tip_wei) / 1e9 as lowest_tip_gwei,
    max(tip_wei) / 1e9 as highest_tip_gwei, avg(effective_price_wei) / 1e9 as average_price_gwei,
    avg(delay_ms) / 1e3 as average_delay_s,
    max(delay_ms) filter (where place <= (n + 1) / 2) / 1e3 as median_delay_s,
    max(delay_ms) filter (where place <= (n * 9 + 9) / 10) / 1e3 as delay_90_percent_s,
    max(delay_ms) / 1e3 as longest_delay_s, 1 - avg(applied) as rejected_share
from ranked group by run, decile;

-- The protocol's price against the outside price, block by block.
create view if not exists v_oracle_error as
select
    w.run, w.block, strftime('%Y-%m-%dT%H:%M:%fZ', w.time_ms / 1000.0, 'unixepoch') as time, w.feed,
    f.name as feed_name, w.oracle_e8 / 1e8 as oracle_price, w.price_e8 / 1e8 as reference_price,
    w.oracle_e8 * 1.0 / nullif(w.price_e8, 0) - 1 as error, (w.time_ms - w.observed_ms) / 1e3 as age_s
from (
    select
        x.run, x.block, x.feed, x.price_e8, b.time_ms,
        (select o.price_e8 from oracle_price o
            where o.run = x.run and o.feed = x.feed and o.block <= x.block
            order by o.block desc, o.tx desc, o.seq desc limit 1) as oracle_e8,
        (select o.observed_ms from oracle_price o
            where o.run = x.run and o.feed = x.feed and o.block <= x.block
            order by o.block desc, o.tx desc, o.seq desc limit 1) as observed_ms
    from reference_price x join block b using (run, block)) w
left join feed f on f.run = w.run and f.feed = w.feed
where w.oracle_e8 is not null;

-- Who paid each deficit, layer by layer.
create view if not exists v_loss_payer as
select
    c.run, c.block, c.tx, c.seq, c.time, c.account, c.account_name, c.layer, c.payer,
    c.payer_name, c.asset, c.amount,
    (select sum(l.deficit_e8) / 1e8 from liquidation l
        where l.run = c.run and l.block = c.block and l.tx = c.tx and l.account = c.account)
        as deficit
from v_loss_cover c;

-- The market for block space: price, room and what still waits.
create view if not exists v_fee_market as
select
    run, block, strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') as time,
    base_fee_wei / 1e9 as base_fee_gwei, minimum_price_wei / 1e9 as minimum_price_gwei,
    marginal_tip_wei / 1e9 as marginal_tip_gwei, gas_used * 1.0 / nullif(gas_limit, 0) as fullness,
    demand_gas, backlog_gas, backlog_gas * 1.0 / nullif(gas_limit, 0) as backlog_blocks,
    was_full, mempool_depth, tx_count, missed_slots
from block where block > 0;

-- Rejections by what was asked and why.
create view if not exists v_rejection_count as
select
    t.run, k.name as kind, t.rejection as code, j.name as rejection, count(*) as count,
    count(*) * 1.0 / sum(count(*)) over (partition by t.run, t.kind) as share_of_rejections,
    count(*) * 1.0 / (select count(*) from tx x where x.run = t.run and x.kind = t.kind)
        as share_of_kind
from tx t
left join code k on k.domain = 'command' and k.code = t.kind
left join code j on j.domain = 'rejection' and j.code = t.rejection
where t.applied = 0 group by t.run, t.kind, t.rejection;

-- Every metric of a run, computed from its tables: docs/metrics.md says what each means, and `crossmargin run
-- --json` prints the same from the engine's own sums.
create view if not exists v_run_metric as
with
steps as (
    select
        l.*, b.time_ms,
        abs(l.size_e8) / 1e8 * (l.price_e8 / 1e8) as notional,
        l.equity_before_e8 - l.requirement_before_e8 as start_e8,
        l.equity_after_e8 - l.requirement_after_e8 as end_e8,
        (select p.time_ms from block p where p.run = l.run and p.block = l.block - 1) as last_ms,
        row_number() over (partition by l.run, l.block, l.tx order by l.seq) as place
    from liquidation l join block b using (run, block)),
step_sums as (
    select
        run, sum(place = 1) as liquidations, count(distinct account) filter (where place = 1) as accounts,
        sum(late) filter (where place = 1) as late, sum(wrongful) filter (where place = 1) as wrongful,
        sum(notional) as notional, sum(deficit_e8) / 1e8 as deficit, sum(penalty_e8) / 1e8 as penalties,
        sum(to_liquidator_e8) / 1e8 as gross,
        sum(iif(kind = 1, size_e8 / 1e8 * ((reference_price_e8 - price_e8) / 1e8), 0)) as stale_loss,
        sum(iif(end_e8 > 0 and end_e8 > start_e8, notional * end_e8 / (end_e8 - start_e8), 0)) as over_liquidation,
        sum(iif(liquidatable_since_ms is null, notional, 0)) as same_block,
        sum(iif(liquidatable_since_ms is null or liquidatable_since_ms >= last_ms, notional, 0)) as prompt,
        sum(time_ms - truly_liquidatable_since_ms) filter (where place = 1) as delay_ms,
        count(truly_liquidatable_since_ms) filter (where place = 1) as delays,
        max(time_ms - truly_liquidatable_since_ms) filter (where place = 1) as longest_ms,
        sum(time_ms - truly_liquidatable_since_ms) filter (where place = 1 and late) as late_ms,
        count(truly_liquidatable_since_ms) filter (where place = 1 and late) as lates
    from steps group by run),
covers as (
    select
        c.run, c.layer,
        sum(c.amount_e8 / 1e8 * (
            select p.price_e8 / 1e8 from oracle_price p
            where p.run = c.run and p.feed = s.feed
                and (p.block, p.tx, p.seq) < (c.block, c.tx, c.seq)
            order by p.block desc, p.tx desc, p.seq desc limit 1)) as amount
    from loss_cover c join asset s using (run, asset) group by c.run, c.layer),
bids as (
    select
        x.run, count(*) filter (where x.kind = 10) as attempts,
        count(*) filter (where x.kind = 10 and x.applied) as wins,
        sum(x.gas_used * (x.effective_price_wei / 1e18) * p.price_e8 / 1e8) as gas,
        sum(x.gas_used * (x.tip_wei / 1e18) * p.price_e8 / 1e8) as tips,
        sum(x.gas_used * (x.effective_price_wei / 1e18) * p.price_e8 / 1e8)
            filter (where x.kind = 10 and x.applied) as winners_gas,
        sum(x.gas_used * (x.effective_price_wei / 1e18) * p.price_e8 / 1e8)
            filter (where x.kind = 10 and not x.applied) as losers_gas
    from tx x join agent g on g.run = x.run and g.address = x.sender and g.kind in ('liquidator', 'keeper')
    join run r on r.run = x.run
    left join reference_price p on p.run = x.run and p.block = x.block and p.feed = r.gas_feed
    group by x.run),
sales as (
    select
        t.run, sum(t.slippage_e8) / 1e8 as slippage,
        -sum(iif(t.purpose in ('credit', 'flash loan'), t.proceeds_e8 / 1e8
            + t.quantity_e8 / 1e8 * (t.average_price_e8 / 1e8), 0)) as financing
    from liquidator_trade t
    join agent g on g.run = t.run and g.address = t.agent and g.kind in ('liquidator', 'keeper') group by t.run),
rights as (
    select
        run, sum(paid_e8) / 1e8 as paid, sum(to_protocol_e8) / 1e8 as to_protocol,
        sum(to_builder_e8) / 1e8 as to_builder
    from oev_auction group by run),
lanes as (
    select e.run, sum(e.paid_wei / 1e18 * (p.price_e8 / 1e8)) as paid
    from express_round e join run r using (run)
    join reference_price p on p.run = e.run and p.block = e.block and p.feed = r.gas_feed
    group by e.run),
lots as (
    select
        e.run, sum(e.kind = 1) as started, sum(e.is_over) as sold,
        sum(e.is_over and e.paid_e8 < 100000000) as zero_bids,
        sum(iif(e.is_over and e.paid_e8 < 100000000, e.bought_e8 / 1e8 * (p.price_e8 / 1e8), 0))
            as zero_bid_worth,
        sum(e.uncovered_e8 / 1e8 * (u.price_e8 / 1e8)) as uncovered,
        sum(e.bought_e8 / 1e8 * (p.price_e8 / 1e8)
            + (e.reward_e8 - e.paid_e8) / 1e8 * (u.price_e8 / 1e8)) as gross
    from auction_event e join run r using (run) join asset s using (run, asset)
    join asset c on c.run = e.run and c.asset = r.settlement_asset
    join reference_price p on p.run = e.run and p.block = e.block and p.feed = s.feed
    join reference_price u on u.run = e.run and u.block = e.block and u.feed = c.feed
    group by e.run),
-- Steps and auctions together.
sums as (
    select
        r.run, coalesce(s.deficit, 0) + coalesce(a.uncovered, 0) as deficit,
        coalesce(s.gross, 0) + coalesce(a.gross, 0) as gross
    from run r left join step_sums s using (run) left join lots a using (run)),
given as (
    select
        p.run, min(iif(d.kind is null, b.time_ms, null)) as first_ms,
        count(distinct p.account) as accounts,
        sum(abs(p.size_after_e8 - p.size_before_e8) / 1e8 * (p.price_e8 / 1e8)) as notional,
        sum(max(p.realized_e8, 0)) / 1e8 as profit
    from position_change p join block b using (run, block)
    join tx t on t.run = p.run and t.block = p.block and t.tx = p.tx and t.kind in (10, 32, 49)
    left join pool_deleveraging d
        on d.run = p.run and d.block = p.block and d.tx = p.tx and d.kind = 3
    where p.reason = 4 and (d.account = p.account or d.account is null and p.account not in (
        select l.account from liquidation l where l.run = p.run and l.block = p.block and l.tx = p.tx))
    group by p.run),
ends as (
    select run, max(block) as last from protocol_metric group by run),
funds as (
    select
        e.run, z.bad_debt_e8 / 1e8 as bad_debt, z.underwater_e8 / 1e8 as underwater,
        (z.insurance_fund_e8 - a.insurance_fund_e8) / 1e8 as insurance_change,
        (z.pool_equity_e8 - a.pool_equity_e8) / 1e8 as pool_change
    from ends e join protocol_metric z on z.run = e.run and z.block = e.last
    join protocol_metric a on a.run = e.run and a.block = 0),
arrivals as (
    select
        run, sum(newly_liquidatable) as accounts, sum(newly_liquidatable_e8) / 1e8 as exposure,
        sum(taken_at_once_e8) / 1e8 as taken
    from protocol_metric group by run),
spells as (
    select run, time_ms, underwater_e8, sum(underwater_e8 <= 0) over (partition by run order by block) as spell
    from protocol_metric join block using (run, block)),
insolvency as (
    select run, max(length_ms) as longest_ms
    from (
        select
            s.run,
            coalesce(
                (select min(z.time_ms) from spells z where z.run = s.run and z.spell = s.spell + 1
                    and z.underwater_e8 <= 0), max(s.time_ms)) - min(s.time_ms) as length_ms
        from spells s where s.underwater_e8 > 0 group by s.run, s.spell)
    group by run),
fates as (
    select
        run, sum(fate = 1) as accepted, sum(fate = 2) as rejected, sum(fate in (3, 4)) as lost
    from oracle_report group by run),
blocks as (
    select
        run, sum(block > 0) as blocks, sum(tx_count) as txs, max(base_fee_wei) as base_fee_wei,
        max(minimum_price_wei) as minimum_price_wei
    from block group by run),
errors as (
    select
        x.run, max(abs(x.price_e8 - (
            select o.price_e8 from oracle_price o
            where o.run = x.run and o.feed = x.feed and o.block <= x.block
            order by o.block desc, o.tx desc, o.seq desc limit 1)) * 1.0 / x.price_e8) as largest
    from reference_price x group by x.run),
imbalances as (
    select run, max(abs(sum_e8)) as largest
    from (
        select run, sum(sum(delta_e8)) over (partition by run, asset order by block) as sum_e8
        from balance_change group by run, asset, block
        union all
        select run, sum(sum(size_after_e8 - size_before_e8)) over (partition by run, market order by block)
        from position_change group by run, market, block
        union all
        select run, sum(sum(change_e8)) over (partition by run, market order by block)
        from (
            select run, market, block, cost_after_e8 - cost_before_e8 as change_e8 from position_change
            union all
            select c.run, a.market, c.block, c.delta_e8
            from account a join balance_change c using (run, account) where a.role = 7)
        group by run, market, block)
    group by run)
select run, 'blocks' as metric, blocks * 1.0 as value from blocks
union all select run, 'transactions', txs from blocks
union all select r.run, 'rejected', (select count(*) from tx t where t.run = r.run and not t.applied) from run r
union all select r.run, 'dropped', (select count(*) from tx_dropped t where t.run = r.run) from run r
union all select r.run, 'liquidations', coalesce(s.liquidations, 0) from run r left join step_sums s using (run)
union all select r.run, 'liquidated_accounts', coalesce(s.accounts, 0) from run r left join step_sums s using (run)
union all select r.run, 'late_liquidations', coalesce(s.late, 0) from run r left join step_sums s using (run)
union all select r.run, 'wrongful_liquidations', coalesce(s.wrongful, 0) from run r left join step_sums s using (run)
union all select r.run, 'late_share', coalesce(s.late * 1.0 / s.liquidations, 0) from run r left join step_sums s using (run)
union all select r.run, 'wrongful_share', coalesce(s.wrongful * 1.0 / s.liquidations, 0) from run r left join step_sums s using (run)
union all select r.run, 'liquidated_notional_usd', coalesce(s.notional, 0) from run r left join step_sums s using (run)
union all select run, 'bad_debt_usd', bad_debt from funds
union all select run, 'insurance_change_usd', insurance_change from funds
union all select run, 'pool_change_usd', pool_change from funds
union all select run, 'underwater_usd', underwater from funds
union all select r.run, 'stale_loss_usd', coalesce(s.stale_loss, 0) from run r left join step_sums s using (run)
union all select run, 'deficit_usd', deficit from sums
union all select r.run, 'penalties_usd', coalesce(s.penalties, 0) from run r left join step_sums s using (run)
union all select r.run, 'socialised_usd', coalesce((select c.amount from covers c where c.run = r.run and c.layer = 1), 0) from run r
union all
select
    s.run, 'liquidator_profit_usd', s.gross - coalesce(b.gas, 0) - coalesce(t.slippage, 0)
        - coalesce(t.financing, 0) - coalesce(a.paid, 0) - coalesce(l.paid, 0)
from sums s left join bids b using (run) left join sales t using (run)
left join rights a using (run) left join lanes l using (run)
union all select r.run, 'auction_paid_usd', coalesce(a.paid, 0) from run r left join rights a using (run)
union all select r.run, 'auction_protocol_usd', coalesce(a.to_protocol, 0) from run r left join rights a using (run)
union all select r.run, 'express_lane_usd', coalesce(l.paid, 0) from run r left join lanes l using (run)
union all select r.run, 'auctions', coalesce(a.started, 0) from run r left join lots a using (run)
union all select r.run, 'auctions_sold', coalesce(a.sold, 0) from run r left join lots a using (run)
union all select r.run, 'zero_bids', coalesce(a.zero_bids, 0) from run r left join lots a using (run)
union all select r.run, 'zero_bid_share', coalesce(a.zero_bids * 1.0 / a.sold, 0) from run r left join lots a using (run)
union all select r.run, 'zero_bid_usd', coalesce(a.zero_bid_worth, 0) from run r left join lots a using (run)
union all select r.run, 'deleveraged_profit_usd', coalesce(g.profit, 0) from run r left join given g using (run)
union all
select s.run, 'deleveraged_per_deficit', iif(s.deficit > 0, coalesce(g.notional, 0) / s.deficit, 0)
from sums s left join given g using (run)
union all select r.run, 'deleveraged_accounts', coalesce(g.accounts, 0) from run r left join given g using (run)
union all
select
    r.run, 'deleveraging_delay_seconds',
    coalesce((g.first_ms - (select min(s.time_ms) from steps s where s.run = r.run)) / 1e3, 0)
from run r left join given g using (run)
union all select r.run, 'mean_delay_seconds', coalesce(s.delay_ms / s.delays / 1e3, 0) from run r left join step_sums s using (run)
union all select r.run, 'max_delay_seconds', coalesce(s.longest_ms / 1e3, 0) from run r left join step_sums s using (run)
union all select r.run, 'reports_accepted', coalesce(f.accepted, 0) from run r left join fates f using (run)
union all select r.run, 'reports_rejected', coalesce(f.rejected, 0) from run r left join fates f using (run)
union all select r.run, 'reports_dropped', coalesce(f.lost, 0) from run r left join fates f using (run)
union all select run, 'max_base_fee_gwei', iif(base_fee_wei > 0, base_fee_wei, minimum_price_wei) / 1e9 from blocks
union all select run, 'max_oracle_error', largest from errors
union all select run, 'conservation', largest / 1e8 from imbalances
union all
select p.run, 'min_price_' || f.name, min(p.price_e8) / 1e8
from reference_price p join feed f using (run, feed) group by p.run, f.name
union all
select p.run, 'max_price_' || f.name, max(p.price_e8) / 1e8
from reference_price p join feed f using (run, feed) group by p.run, f.name
union all
select g.run, 'accounts_liquidated_' || g."group", count(distinct l.account)
from agent g left join account a on a.run = g.run and a.owner = g.address and a.role = 0 and a.block = 0
left join liquidation l on l.run = a.run and l.account = a.account
where g.kind in ('trader', 'scripted') group by g.run, g."group"
union all
select f.run, 'loss_usd', s.deficit + f.underwater from funds f join sums s using (run)
union all select r.run, 'insurance_used_usd', coalesce((select c.amount from covers c where c.run = r.run and c.layer = 0), 0) from run r
union all
select
    r.run, 'adl_volume_usd', coalesce((
        select sum(abs(p.size_after_e8 - p.size_before_e8) / 1e8 * (p.price_e8 / 1e8)) / 2
        from position_change p where p.run = r.run and p.reason = 4), 0)
from run r
union all select r.run, 'over_liquidation_usd', coalesce(s.over_liquidation, 0) from run r left join step_sums s using (run)
union all select r.run, 'late_delay_seconds', coalesce(s.late_ms / s.lates / 1e3, 0) from run r left join step_sums s using (run)
union all select r.run, 'same_block_share', coalesce(s.same_block / s.notional, 0) from run r left join step_sums s using (run)
union all select r.run, 'prompt_share', coalesce(s.prompt / s.notional, 0) from run r left join step_sums s using (run)
union all select run, 'became_liquidatable', accounts from arrivals
union all select run, 'became_liquidatable_usd', exposure from arrivals
union all select run, 'taken_at_once_share', iif(exposure > 0, taken / exposure, 0) from arrivals
union all select r.run, 'time_to_solvency_seconds', coalesce(i.longest_ms / 1e3, 0) from run r left join insolvency i using (run)
union all select r.run, 'liquidation_attempts', coalesce(b.attempts, 0) from run r left join bids b using (run)
union all select r.run, 'win_rate', coalesce(b.wins * 1.0 / b.attempts, 0) from run r left join bids b using (run)
union all select run, 'liquidator_gross_usd', gross from sums
union all select r.run, 'liquidator_gas_usd', coalesce(b.gas, 0) from run r left join bids b using (run)
union all select r.run, 'liquidator_slippage_usd', coalesce(t.slippage, 0) from run r left join sales t using (run)
union all select r.run, 'losers_gas_usd', coalesce(b.losers_gas, 0) from run r left join bids b using (run)
union all
select
    s.run, 'builder_share',
    iif(s.gross > 0, (coalesce(b.tips, 0) + coalesce(a.to_builder, 0)) / s.gross, 0)
from sums s left join bids b using (run) left join rights a using (run)
union all
select
    r.run, 'break_even_size_usd',
    iif(g.gross > 0 and b.wins > 0, coalesce(b.winners_gas, 0) * s.notional / g.gross / b.wins, 0)
from run r join sums g using (run) left join step_sums s using (run) left join bids b using (run);

-- Studies, with how far each has come.
create view if not exists v_study as
select
    s.study, s.name, s.question, s.kind, s.scenario, s.engine_version, s.point_count, s.first_seed,
    s.first_seed + s.seed_count - 1 as last_seed, s.shard, s.shard_count,
    (select count(*) from study_run r where r.study = s.study) as runs,
    s.point_count * s.seed_count as runs_in_all
from study s;

-- Points with the values that make them.
create view if not exists v_study_setting as
select t.study, t.point, p.label, t.key, t.value, t.number_e8 / 1e8 as number
from study_setting t join study_point p using (study, point);

-- Every metric of every run of a study.
create view if not exists v_study_result as
select
    r.study, r.point, p.label, r.seed, m.name as metric, m.unit, r.value_e8 / 1e8 as value
from study_result r join study_point p using (study, point) join study_metric m using (study, metric);

-- What each metric comes to at each point: mean, standard deviation, half of the 95 % interval of the mean
-- (Student's t), and percentiles by nearest rank.
create view if not exists v_study_statistic as
with
means as (
    select study, point, metric, count(*) as n, avg(value_e8 / 1e8) as mean
    from study_result group by study, point, metric),
ranked as (
    select
        r.study, r.point, r.metric, m.n, m.mean, r.value_e8 / 1e8 as value,
        row_number() over (partition by r.study, r.point, r.metric order by r.value_e8, r.seed) as place
    from study_result r join means m using (study, point, metric)),
sums as (
    select
        study, point, metric, n, mean, iif(n > 1, sqrt(sum((value - mean) * (value - mean)) / (n - 1)), 0)
            as deviation,
        min(value) as least, max(value) as most,
        max(value) filter (where place <= (n * 5 + 99) / 100) as p5,
        max(value) filter (where place <= (n * 50 + 99) / 100) as p50,
        max(value) filter (where place <= (n * 95 + 99) / 100) as p95,
        max(value) filter (where place <= (n * 99 + 99) / 100) as p99
    from ranked group by study, point, metric)
select
    s.study, s.point, p.label, m.name as metric, m.unit, s.n, s.mean, s.deviation,
    s.deviation / sqrt(s.n) * case s.n - 1
        when 0 then 0 when 1 then 12.706204736 when 2 then 4.302652730 when 3 then 3.182446305
        when 4 then 2.776445105
        else 1.959963985 + 2.372271230 / (s.n - 1) + 2.822498616 / ((s.n - 1) * (s.n - 1))
            + 2.555849680 / ((s.n - 1) * (s.n - 1) * (s.n - 1))
            + 1.589534053 / ((s.n - 1) * (s.n - 1) * (s.n - 1) * (s.n - 1))
    end as half_width,
    s.least, s.p5, s.p50, s.p95, s.p99, s.most
from sums s join study_point p using (study, point) join study_metric m using (study, metric);

-- What each point differs by from the first, paired by seed: mean, and half of its 95 % interval (Student's t).
create view if not exists v_study_difference as
with
pairs as (
    select r.study, r.point, r.metric, r.value_e8 / 1e8 - f.value_e8 / 1e8 as value
    from study_result r
    join study_result f on f.study = r.study and f.point = 0 and f.seed = r.seed and f.metric = r.metric
    where r.point > 0),
means as (
    select study, point, metric, count(*) as n, avg(value) as mean
    from pairs group by study, point, metric),
sums as (
    select
        study, point, metric, m.n, m.mean,
        iif(m.n > 1, sqrt(sum((p.value - m.mean) * (p.value - m.mean)) / (m.n - 1)), 0) as deviation
    from pairs p join means m using (study, point, metric) group by study, point, metric)
select
    s.study, s.point, p.label, m.name as metric, m.unit, s.n, s.mean,
    s.deviation / sqrt(s.n) * case s.n - 1
        when 0 then 0 when 1 then 12.706204736 when 2 then 4.302652730 when 3 then 3.182446305
        when 4 then 2.776445105
        else 1.959963985 + 2.372271230 / (s.n - 1) + 2.822498616 / ((s.n - 1) * (s.n - 1))
            + 2.555849680 / ((s.n - 1) * (s.n - 1) * (s.n - 1))
            + 1.589534053 / ((s.n - 1) * (s.n - 1) * (s.n - 1) * (s.n - 1))
    end as half_width
from sums s join study_point p using (study, point) join study_metric m using (study, metric);

-- Value and liquidations at risk: of the loss, and of the liquidated notional, the 95th and 99th percentile over
-- a point's seeds.
create view if not exists v_study_at_risk as
select
    l.study, l.point, l.label, l.n, l.p95 as value_at_risk_95, l.p99 as value_at_risk_99,
    n.p95 as liquidations_at_risk_95, n.p99 as liquidations_at_risk_99
from v_study_statistic l join v_study_statistic n using (study, point)
where l.metric = 'loss_usd' and n.metric = 'liquidated_notional_usd';

-- The views below state invariants. Each is empty unless something is wrong.

-- Movements of tokens sum to zero, per transaction and asset.
create view if not exists breach_conservation_balance as
select run, block, tx, asset, sum(delta_e8) as sum_e8 from balance_change
group by run, block, tx, asset having sum(delta_e8) <> 0;

-- Changes of size sum to zero, per transaction and market.
create view if not exists breach_conservation_position as
select run, block, tx, market, sum(size_after_e8 - size_before_e8) as sum_e8 from position_change
group by run, block, tx, market having sum(size_after_e8 - size_before_e8) <> 0;

-- A market's open cost and its clearing account's balance change by opposite amounts.
create view if not exists breach_clearing as
select run, block, tx, market, sum(change_e8) as sum_e8
from (
    select run, block, tx, market, cost_after_e8 - cost_before_e8 as change_e8 from position_change
    union all
    select c.run, c.block, c.tx, a.market, c.delta_e8
    from account a join balance_change c using (run, account) where a.role = 7)
group by run, block, tx, market having sum(change_e8) <> 0;

-- A wallet owes nothing.
create view if not exists breach_wallet_negative as
select c.run, c.block, c.tx, c.seq, c.account, c.asset, c.after_e8
from balance_change c join account a using (run, account) where a.role = 1 and c.after_e8 < 0;

-- A wallet holds no position.
create view if not exists breach_wallet_position as
select p.run, p.block, p.tx, p.seq, p.account, p.market, p.size_after_e8
from position_change p join account a using (run, account)
where a.role = 1 and p.size_after_e8 <> 0;

-- The insurance fund is never negative.
create view if not exists breach_insurance_negative as
select c.run, c.block, c.tx, c.seq, c.account, c.asset, c.after_e8
from balance_change c join account a using (run, account) where a.role = 3 and c.after_e8 < 0;

-- The bad-debt account never holds anything.
create view if not exists breach_bad_debt_positive as
select c.run, c.block, c.tx, c.seq, c.account, c.asset, c.after_e8
from balance_change c join account a using (run, account) where a.role = 5 and c.after_e8 > 0;

-- Each balance follows from the one before: after = before + delta, and the first from zero.
create view if not exists breach_balance_chain as
select run, block, tx, seq, account, asset, before_e8, delta_e8, after_e8
from (
    select
        *,
        lag(after_e8, 1, 0) over (partition by run, account, asset order by block, tx, seq)
            as before_e8
    from balance_change)
where before_e8 + delta_e8 <> after_e8;

-- Each position begins where the last change of it ended, and the first from nothing.
create view if not exists breach_position_chain as
select run, block, tx, seq, account, market, size_before_e8, last_size_e8, cost_before_e8, last_cost_e8
from (
    select
        *,
        lag(size_after_e8, 1, 0) over (partition by run, account, market order by block, tx, seq)
            as last_size_e8,
        lag(cost_after_e8, 1, 0) over (partition by run, account, market order by block, tx, seq)
            as last_cost_e8
    from position_change)
where size_before_e8 <> last_size_e8 or cost_before_e8 <> last_cost_e8;

-- A flat position has no cost, where closing pays results.
create view if not exists breach_flat_cost as
select run, block, tx, seq, account, market, cost_after_e8 from position_change p
where size_after_e8 = 0 and cost_after_e8 <> 0
    and not exists (
        select 1 from parameter k
        where k.run = p.run and k.key glob 'protocol.result_settlement.*');

-- An isolated child holds no position but in its market.
create view if not exists breach_isolated_market as
select p.run, p.block, p.tx, p.seq, p.account, p.market, a.market as allowed_market
from position_change p join account a using (run, account)
where a.role = 0 and a.market is not null and p.market <> a.market;

-- Nobody is liquidated who met the maintenance margin at the protocol's prices, but whose liquidation had begun before and not
-- ended.
create view if not exists breach_liquidated_healthy as
select run, block, tx, seq, account, equity_before_e8, requirement_before_e8 from liquidation l
where equity_before_e8 > requirement_before_e8
    and coalesce((
        select g.kind from governance g
        where g.run = l.run and g.account = l.account and g.kind in (60, 61)
            and (g.block < l.block or (g.block = l.block and g.tx < l.tx))
        order by g.block desc, g.tx desc, g.seq desc limit 1), 61) <> 60;

-- A penalty is shared out entirely.
create view if not exists breach_penalty_split as
select run, block, tx, seq, account, penalty_e8, to_liquidator_e8, to_insurance_e8 from liquidation
where penalty_e8 <> to_liquidator_e8 + to_insurance_e8;

-- The auction account holds of each asset what is for sale: both change alike.
create view if not exists breach_auction_lots as
select run, block, tx, asset, sum(change_e8) as sum_e8
from (
    select
        run, block, tx, asset,
        lot_e8 - lag(lot_e8, 1, 0) over (partition by run, auction order by block, tx, seq)
            as change_e8
    from auction_event
    union all
    select c.run, c.block, c.tx, c.asset, -c.delta_e8
    from account a join balance_change c using (run, account) join run r using (run)
    where a.role = 11 and c.asset <> r.settlement_asset)
group by run, block, tx, asset having sum(change_e8) <> 0;

-- The auction account owes what is still to be raised of the accounts' debts.
create view if not exists breach_auction_principal as
select run, block, tx, sum(change_e8) as sum_e8
from (
    select
        run, block, tx,
        principal_e8
            - lag(principal_e8, 1, 0) over (partition by run, auction order by block, tx, seq)
            as change_e8
    from auction_event
    union all
    select c.run, c.block, c.tx, c.delta_e8
    from account a join balance_change c using (run, account) join run r using (run)
    where a.role = 11 and c.asset = r.settlement_asset)
group by run, block, tx having sum(change_e8) <> 0;

-- The bids account holds the bids that stand.
create view if not exists breach_auction_bids as
select run, block, tx, sum(change_e8) as sum_e8
from (
    select
        run, block, tx,
        bid_e8 - lag(bid_e8, 1, 0) over (partition by run, auction order by block, tx, seq)
            as change_e8
    from auction_event
    union all
    select c.run, c.block, c.tx, -c.delta_e8
    from account a join balance_change c using (run, account) where a.role = 12)
group by run, block, tx having sum(change_e8) <> 0;

-- The escrow account holds what the requests that wait have set aside.
create view if not exists breach_execution_fees as
select run, block, tx, sum(change_e8) as sum_e8
from (
    select run, block, tx, case when fate = 1 then fee_e8 else -fee_e8 end as change_e8
    from trade_request
    union all
    select c.run, c.block, c.tx, -c.delta_e8
    from account a join balance_change c using (run, account) where a.role = 20)
group by run, block, tx having sum(change_e8) <> 0;

-- The claims account holds what charges for price impact above the cap have brought and nobody has claimed.
create view if not exists breach_impact_claims as
select run, block, tx, sum(change_e8) as sum_e8
from (
    select run, block, tx, held_e8 as change_e8 from impact_change
    union all
    select c.run, c.block, c.tx, -c.delta_e8
    from account a join balance_change c using (run, account) where a.role = 86)
group by run, block, tx having sum(change_e8) <> 0;

-- The spot escrow holds of each asset what open spot orders have set aside.
create view if not exists breach_spot_reserves as
select run, block, tx, asset, sum(change_e8) as sum_e8
from (
    select run, block, tx, asset, iif(change = 1, reserved_e8, -reserved_e8) as change_e8
    from spot_order_change
    union all
    select run, block, tx, iif(size_e8 > 0, base, quote), -released_e8 from spot_fill
    union all
    select c.run, c.block, c.tx, c.asset, -c.delta_e8
    from account a join balance_change c using (run, account) where a.role = 90)
group by run, block, tx, asset having sum(change_e8) <> 0;

-- Each change of the pool's shares begins with what the one before it has left.
create view if not exists breach_pool_shares as
select run, block, tx, seq, supply_after_e8
from (
    select
        run, block, tx, seq, shares_e8, supply_after_e8,
        lag(supply_after_e8) over (partition by run order by block, tx, seq) as before_e8
    from pool_share_change)
where before_e8 is not null and before_e8 + shares_e8 <> supply_after_e8;

-- A closing by a pool lowers the share of the profit, and goes on only where it was looked at before.
create view if not exists breach_pool_deleveraging as
select d.run, d.block, d.tx, d.seq, d.share_before_e8, d.share_after_e8
from pool_deleveraging d
where d.kind = 3 and (d.share_after_e8 > d.share_before_e8
    or coalesce((
        select f.kind from pool_deleveraging f
        where f.run = d.run and f.market = d.market and f.is_long = d.is_long and f.kind <> 3
            and (f.block, f.tx, f.seq) < (d.block, d.tx, d.seq)
        order by f.block desc, f.tx desc, f.seq desc limit 1), 2) <> 1);

-- Nobody trades in a market once it is settled, and before, while it is wound up, trades and matches leave nobody with more.
create view if not exists breach_market_winding_up as
with wound_up as (
    select
        run, block, tx, seq, json_extract(payload, '$.market') as market,
        json_extract(payload, '$.stage') as stage
    from governance where kind = 80)
select p.run, p.block, p.tx, p.seq, p.account, w.stage
from wound_up w join position_change p using (run, market)
where p.reason in (1, 2) and (p.block, p.tx, p.seq) > (w.block, w.tx, w.seq)
    and (w.stage = 'settled' or abs(p.size_after_e8) > abs(p.size_before_e8));

-- A request ends once, and only what was asked for is executed.
create view if not exists breach_request_order as
select run, request
from trade_request
group by run, request
having sum(fate = 1) <> 1 or sum(fate in (2, 3, 5)) > 1 or sum(fate = 4) > 1
    or min(fate) <> 1 or min(block * 1000000 + tx) <> min(case when fate = 1 then block * 1000000 + tx end);

-- A rejection changes nothing: no movement, position or price belongs to a rejected transaction.
create view if not exists breach_rejection_changes as
select t.run, t.block, t.tx, e.source, e.seq
from tx t join (
    select run, block, tx, seq, 'balance_change' as source from balance_change
    union all select run, block, tx, seq, 'position_change' from position_change
    union all select run, block, tx, seq, 'oracle_price' from oracle_price) e using (run, block, tx)
where t.applied = 0;

-- An accepted report is the price the protocol took from its transaction.
create view if not exists breach_report_price as
select o.run, o.block, o.seq, o.feed, o.round, o.price_e8, p.price_e8 as accepted_e8
from oracle_report o
left join oracle_price p on p.run = o.run and p.block = o.block and p.tx = o.tx and p.feed = o.feed
-- A delayed feed takes over the round before with each report, and this one with the next.
where o.fate = 1 and (
    p.round is null or p.round > o.round
    or (p.round = o.round and (p.price_e8 <> o.price_e8 or p.observed_ms <> o.observed_ms))
    or (p.round < o.round and not exists (
        select 1 from feed f join parameter k on k.run = f.run and k.key = 'oracles.' || f.name || '.kind'
        where f.run = o.run and f.feed = o.feed and k.value = 'delayed'))
    or (p.round < o.round and exists (
        select 1 from oracle_price q
        where q.run = o.run and q.feed = o.feed and q.round = o.round and q.block > o.block
            and (q.price_e8 <> o.price_e8 or q.observed_ms <> o.observed_ms))));

-- A feed's accepted prices were observed in the order in which they were accepted.
create view if not exists breach_price_order as
select run, block, tx, seq, feed, observed_ms, last_observed_ms
from (
    select
        *, lag(observed_ms) over steps as last_observed_ms, lag(round) over steps as last_round
    from oracle_price
    window steps as (partition by run, feed order by block, tx, seq))
-- With its first report a delayed feed goes on with the round that it begins with.
where observed_ms < last_observed_ms or (observed_ms = last_observed_ms and round <> last_round);

-- A sender's included transactions carry successive nonces.
create view if not exists breach_nonce_order as
select run, block, tx, sender, nonce, last_nonce
from (
    select run, block, tx, sender, nonce,
        lag(nonce) over (partition by run, sender order by block, tx) as last_nonce
    from tx)
where nonce <> last_nonce + 1;

-- No block is fuller than its limit, and no transaction uses more gas than it allows.
create view if not exists breach_gas_limit as
select run, block, null as tx, gas_used, gas_limit from block where gas_used > gas_limit
union all
select run, block, tx, gas_used, gas_limit from tx where gas_used > gas_limit;

-- A block's gas is that of its transactions and of the background demand.
create view if not exists breach_gas_sum as
select b.run, b.block, b.gas_used, b.demand_gas, coalesce(sum(t.gas_used), 0) as tx_gas
from block b left join tx t using (run, block)
group by b.run, b.block having b.gas_used <> b.demand_gas + coalesce(sum(t.gas_used), 0);

-- Nobody pays more than they bid, and what is paid is the base fee and the producer's tip.
create view if not exists breach_gas_price as
select t.run, t.block, t.tx, t.effective_price_wei, t.max_fee_wei, b.base_fee_wei, t.tip_wei
from tx t join block b using (run, block)
where t.effective_price_wei > t.max_fee_wei
    or t.effective_price_wei <> b.base_fee_wei + t.tip_wei;

-- No transaction is included before it arrived.
create view if not exists breach_included_early as
select t.run, t.block, t.tx, t.submitted_ms, b.time_ms from tx t join block b using (run, block)
where t.submitted_ms > b.time_ms;

-- Blocks follow one another without a gap, in time and in hash.
create view if not exists breach_block_sequence as
select run, block, last_block, time_ms, last_time_ms
from (
    select
        *, lag(block) over w as last_block, lag(time_ms) over w as last_time_ms,
        lag(hash) over w as last_hash
    from block window w as (partition by run order by block))
where block <> coalesce(last_block, -1) + 1 or time_ms <= last_time_ms
    or parent_hash <> last_hash;

-- A block holds as many transactions as it says.
create view if not exists breach_tx_count as
select b.run, b.block, b.tx_count, count(t.tx) as found
from block b left join tx t using (run, block)
group by b.run, b.block having b.tx_count <> count(t.tx);

-- == indexes ==
-- These are built when a run closes and dropped while one is written: a live index would cost more
-- than everything else.
create index if not exists balance_change_by_account on balance_change (run, account, asset, block);
create index if not exists position_change_by_account on position_change (run, account, market, block);
create index if not exists account_health_by_account on account_health (run, account, block);
create index if not exists oracle_price_by_feed on oracle_price (run, feed, block);
create index if not exists tx_by_sender on tx (run, sender, nonce);
create index if not exists liquidation_by_account on liquidation (run, account, block);

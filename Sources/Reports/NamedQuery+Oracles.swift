extension NamedQuery {
    static let oracleQueries = [
        NamedQuery(
            "oracle-error", "How wrong and how old the protocol's prices were",
            """
            Over all blocks: the mean and largest distance of the protocol's price from the outside \
            price, as a fraction, and the age of its price in seconds.
            """,
            sql: """
                select feed_name, count(*) as blocks, avg(abs(error)) as average_error,
                    max(abs(error)) as largest_error, avg(age_s) as average_age_s,
                    max(age_s) as largest_age_s
                from v_oracle_error where run = :run group by feed order by feed
                """),
        NamedQuery(
            "oracle-error-over-time", "The protocol's price against the outside price, by block",
            "`error` is the protocol's price over the outside price, less one.", [.feed],
            sql: """
                select block, time, feed_name, oracle_price, reference_price, error, age_s
                from v_oracle_error where run = :run and (:feed = -1 or feed = :feed)
                order by block, feed
                """),
        NamedQuery(
            "oracle-latency", "Where a report's time went",
            """
            Per feed and fate: seconds from looking at the market to publishing, from there to the \
            mempool, and from there into a block.
            """,
            sql: """
                select feed_name, fate, coalesce(reason, '') as reason, count(*) as reports,
                    avg(publishing_s) as publishing_s, avg(sending_s) as sending_s,
                    avg(iif(tx is null, null, inclusion_s)) as inclusion_s,
                    max(iif(tx is null, null, age_s)) as largest_age_s
                from v_oracle_report where run = :run
                group by feed, fate, reason order by feed, reports desc, fate, reason
                """),
    ]
}

-- The statements of each company by quarter: movements of profit and loss, and balances at the quarter's end.
-- README.md gives the rules; the steps here are
--   chosen      of each item and period one figure (figures.view.sql)
--   tiles       the periods a statement is made for: quarters; what is left of a year whose quarters are not all there
--   movements   the figure of each item for each of them; the fourth quarter is the year less the first three
--   statements  with what the totals leave beside the items shown: other cost, other assets, other liabilities
-- An item that is not reported has no row: it is not zero.
WITH chosen AS (
    SELECT
        company, account, goes_to, months, days, amount, "end",
        EXTRACT(year FROM month) * 12 + EXTRACT(month FROM month) - 1 AS month
    FROM figures
    WHERE unfit IS NULL AND place = 1
),
used AS (
    SELECT company, month, goes_to AS account, COUNT(*) AS source_rows
    FROM chosen
    WHERE months IN (0, 3, 12)
    GROUP BY ALL
),
-- Each fiscal year's quarters, one row an item and year. Where a quarter is not reported by itself, it is what
-- the half year or the nine months leave.
years AS (
    SELECT DISTINCT company, month AS last FROM chosen WHERE account = 'net_income' AND months = 12
),
quarters AS (
    SELECT
        y.company, y.last, c.account,
        MAX(c.amount) FILTER (c.months = 12) AS year_amount,
        MAX(c.days) FILTER (c.months = 12) AS year_days,
        MAX(c.amount) FILTER (c.months = 3 AND c.month = y.last - 9) AS q1,
        MAX(c.days) FILTER (c.months = 3 AND c.month = y.last - 9) AS d1,
        COALESCE(MAX(c.amount) FILTER (c.months = 3 AND c.month = y.last - 6),
                 MAX(c.amount) FILTER (c.months = 6 AND c.month = y.last - 6) - q1) AS q2,
        COALESCE(MAX(c.days) FILTER (c.months = 3 AND c.month = y.last - 6),
                 MAX(c.days) FILTER (c.months = 6 AND c.month = y.last - 6) - d1) AS d2,
        COALESCE(MAX(c.amount) FILTER (c.months = 3 AND c.month = y.last - 3),
                 MAX(c.amount) FILTER (c.months = 9 AND c.month = y.last - 3) - q1 - q2) AS q3,
        COALESCE(MAX(c.days) FILTER (c.months = 3 AND c.month = y.last - 3),
                 MAX(c.days) FILTER (c.months = 9 AND c.month = y.last - 3) - d1 - d2) AS d3
    FROM years y
    JOIN chosen c
      ON c.company = y.company AND c.months > 0
     -- Nothing that began before the year: a half year that ends with its first quarter is another one's.
     AND c.month <= y.last AND c.month - c.months >= y.last - 12
    GROUP BY ALL
),
-- Net income says which quarters there are.
known AS (
    SELECT company, last, q1 IS NOT NULL AS has1, has1 AND q2 IS NOT NULL AS has2, has2 AND q3 IS NOT NULL AS has3
    FROM quarters
    WHERE account = 'net_income'
),
movements AS (
    SELECT company, account, last - 9 AS month, 3 AS months, d1 AS days, q1 AS amount
    FROM quarters JOIN known USING (company, last) WHERE has1
    UNION ALL
    SELECT company, account, last - 6, 3, d2, q2 FROM quarters JOIN known USING (company, last) WHERE has2
    UNION ALL
    SELECT company, account, last - 3, 3, d3, q3 FROM quarters JOIN known USING (company, last) WHERE has3
    UNION ALL
    SELECT
        company, account, last,
        CASE WHEN has3 THEN 3 WHEN has2 THEN 6 WHEN has1 THEN 9 ELSE 12 END,
        year_days - CASE WHEN has1 THEN d1 ELSE 0 END - CASE WHEN has2 THEN d2 ELSE 0 END
            - CASE WHEN has3 THEN d3 ELSE 0 END,
        year_amount - CASE WHEN has1 THEN q1 ELSE 0 END - CASE WHEN has2 THEN q2 ELSE 0 END
            - CASE WHEN has3 THEN q3 ELSE 0 END
    FROM quarters JOIN known USING (company, last)
    UNION ALL
    -- Quarters of a year that is not over, or whose annual report is not here.
    SELECT c.company, c.account, c.month, 3, c.days, c.amount
    FROM chosen c
    JOIN chosen n ON n.company = c.company AND n.account = 'net_income' AND n.months = 3 AND n.month = c.month
    WHERE c.months = 3
      AND NOT EXISTS (SELECT 1 FROM years y WHERE y.company = c.company AND c.month BETWEEN y.last - 11 AND y.last)
),
-- One row a statement, one column an item.
income AS (
    SELECT
        company, month, MAX(months) AS months, MAX(days) FILTER (account = 'net_income') AS days,
        MAX(amount) FILTER (account = 'revenue') AS revenue,
        MAX(amount) FILTER (account = 'cost_of_revenue') AS cost_of_revenue,
        MAX(amount) FILTER (account = 'research') AS research,
        MAX(amount) FILTER (account = 'selling_and_administration') AS selling_and_administration,
        CASE WHEN selling_and_administration IS NULL THEN MAX(amount) FILTER (account = 'selling') END AS selling,
        CASE WHEN selling_and_administration IS NULL THEN MAX(amount) FILTER (account = 'administration') END
            AS administration,
        MAX(amount) FILTER (account = 'income_tax') AS income_tax,
        MAX(amount) FILTER (account = 'net_income') AS net_income,
        COALESCE(MAX(amount) FILTER (account = 'operating_income'), net_income + COALESCE(income_tax, 0))
            AS operating_income,
        COALESCE(revenue, 0) - COALESCE(cost_of_revenue, 0) - COALESCE(research, 0)
            - COALESCE(selling_and_administration, 0) - COALESCE(selling, 0) - COALESCE(administration, 0)
            - operating_income AS other_operating,
        operating_income - COALESCE(income_tax, 0) - net_income AS below_operating
    FROM movements
    WHERE amount IS NOT NULL
    GROUP BY company, month
    HAVING net_income IS NOT NULL
),
-- Only figures of the day the total is of: others stand beside the balance sheet.
sheet_days AS (
    SELECT company, month, "end" FROM chosen WHERE account = 'assets' AND months = 0
),
sheets AS (
    SELECT
        company, month,
        MAX(amount) FILTER (account = 'assets') AS assets,
        MAX(amount) FILTER (account = 'cash') AS cash,
        MAX(amount) FILTER (account = 'receivables') AS receivables,
        MAX(amount) FILTER (account = 'inventory') AS inventory,
        MAX(amount) FILTER (account = 'current_assets') AS current_assets,
        MAX(amount) FILTER (account = 'fixed_assets') AS fixed_assets,
        MAX(amount) FILTER (account = 'payables') AS payables,
        MAX(amount) FILTER (account = 'debt_current') AS debt_current,
        CASE WHEN debt_current IS NULL THEN MAX(amount) FILTER (account = 'short_term_debt') END AS short_term_debt,
        CASE WHEN debt_current IS NULL THEN MAX(amount) FILTER (account = 'long_term_debt_current') END
            AS long_term_debt_current,
        MAX(amount) FILTER (account = 'current_liabilities') AS current_liabilities,
        MAX(amount) FILTER (account = 'long_term_debt') AS long_term_debt,
        MAX(amount) FILTER (account = 'liabilities_and_equity') AS liabilities_and_equity,
        MAX(amount) FILTER (account = 'equity') AS equity,
        COALESCE(cash, 0) + COALESCE(receivables, 0) + COALESCE(inventory, 0) AS shown_current_assets,
        COALESCE(payables, 0) + COALESCE(debt_current, 0) + COALESCE(short_term_debt, 0)
            + COALESCE(long_term_debt_current, 0) AS shown_current_liabilities,
        current_assets - shown_current_assets AS other_current_assets,
        assets - COALESCE(current_assets, shown_current_assets) - COALESCE(fixed_assets, 0) AS other_assets,
        current_liabilities - shown_current_liabilities AS other_current_liabilities,
        COALESCE(liabilities_and_equity, assets) - equity - COALESCE(long_term_debt, 0)
            - COALESCE(current_liabilities, shown_current_liabilities) AS other_liabilities
    FROM chosen
    JOIN sheet_days USING (company, month, "end")
    WHERE months = 0
    GROUP BY company, month
    HAVING equity IS NOT NULL
),
lines AS (
    SELECT company, month, months, days, account, amount AS flow, CAST(NULL AS DECIMAL(19, 4)) AS closing
    FROM (UNPIVOT income ON revenue, cost_of_revenue, research, selling_and_administration, selling, administration,
          other_operating, below_operating, income_tax INTO NAME account VALUE amount)
    UNION ALL
    SELECT company, month, NULL, NULL, account, NULL, amount
    FROM (UNPIVOT sheets ON cash, receivables, inventory, other_current_assets, fixed_assets, other_assets, payables,
          debt_current, short_term_debt, long_term_debt_current, other_current_liabilities, long_term_debt,
          other_liabilities, equity INTO NAME account VALUE amount)
)
SELECT
    l.account,
    l.company AS unit,
    MAKE_DATE(CAST(l.month // 12 AS BIGINT), CAST(l.month % 12 + 1 AS BIGINT), 1) AS month,
    CAST(l.flow * CAST(a.sign AS INTEGER) AS DECIMAL(19, 4)) AS flow,
    CAST(l.closing * CAST(a.sign AS INTEGER) AS DECIMAL(19, 4)) AS closing,
    l.months,
    l.days,
    COALESCE(u.source_rows, 0) AS source_rows
FROM lines l
JOIN (SELECT DISTINCT account, sign FROM account_map WHERE line <> '') a ON a.account = l.account
LEFT JOIN used u ON u.company = l.company AND u.month = l.month AND u.account = l.account
ORDER BY l.account, unit, month

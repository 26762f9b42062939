-- An account is a fund and a kind of revenue, or a fund's expense: money of a fund may be bound to a purpose.
-- The line comes from accounts.csv by the kind alone, which people may edit.
WITH used AS (
    SELECT DISTINCT fund_code, COALESCE(account_category, account_type) AS kind FROM Budget
)
SELECT
    u.fund_code || ' ' || u.kind AS account,
    COALESCE(m.name, u.kind) || ', fund ' || u.fund_code AS name,
    COALESCE(m.line, 'unmapped') AS line,
    m.behaviour,
    m.driver
FROM used u
LEFT JOIN account_map m ON m.account = u.kind
ORDER BY account

-- G/L Account (15): "No.", "Name", "Account Type". Headings and totals are no accounts: nothing is posted to them.
SELECT a."No." AS account, a."Name" AS name, COALESCE(MIN(m.line), 'unmapped') AS line,
    MIN(m.behaviour) AS behaviour, MIN(m.driver) AS driver
FROM GLAccount a LEFT JOIN account_map m ON in_range(a."No.", m."from", m."to")
WHERE a."Account Type" = 'Posting'
GROUP BY a."No.", a."Name"
ORDER BY a."No."

SELECT 'no sale: ' || COALESCE(NULLIF("Item Ledger Entry Type", ''), 'without a type') AS reason,
    CAST(number_us("Sales Amount (Actual)") AS DECIMAL(19, 4)) AS amount
FROM ValueEntry
WHERE COALESCE("Item Ledger Entry Type", '') <> 'Sale'

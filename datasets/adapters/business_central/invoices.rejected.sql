SELECT 'no invoice: ' || COALESCE(NULLIF("Document Type", ''), 'without a type') AS reason,
    CAST(number_us("Amount (LCY)") AS DECIMAL(19, 4)) AS amount
FROM CustLedgerEntry
WHERE COALESCE("Document Type", '') NOT IN ('Invoice', 'Credit Memo')

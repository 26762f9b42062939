SELECT 'no bill: ' || COALESCE(NULLIF("Document Type", ''), 'without a type') AS reason,
    -CAST(number_us("Amount (LCY)") AS DECIMAL(19, 4)) AS amount
FROM VendorLedgerEntry
WHERE COALESCE("Document Type", '') NOT IN ('Invoice', 'Credit Memo')

-- Rows of the flow behind which no sales order is found, by the kind of document they hang on.
SELECT
    CASE
        WHEN VBTYP_V = '2' THEN 'external transaction (2): billed here, ordered and delivered elsewhere'
        WHEN VBTYP_V = 'J' THEN 'delivery without a sales order (J): stock transfers and the like'
        WHEN VBTYP_V = '7' THEN 'inbound delivery (7): purchasing, not sales'
        WHEN VBTYP_V IN ('A', 'B', 'D', 'E', 'G', 'b') THEN 'before an order: inquiry, quotation, contract … and what followed without an order'
        WHEN VBTYP_V IN ('H', 'T', 'K', 'L', 'P') THEN 'returns and memo requests without a sales order'
        WHEN VBTYP_V = 'M' THEN 'invoices that no sales order is behind'
        ELSE 'other documents without a sales order'
    END AS reason
FROM flow
WHERE "case" IS NULL

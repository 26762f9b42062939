-- Rows of the flow behind which no sales order is found, by the kind of document they hang on. The CTEs are those
-- of events.sql.
WITH behind AS (
    SELECT VBELN AS document, POSNN AS item, VBTYP_N AS category, MIN(VBELV) AS "order"
    FROM VBFA
    WHERE VBTYP_V = 'C' AND VBTYP_N <> 'C'
    GROUP BY ALL
),
behind_head AS (
    SELECT document, category, MIN("order") AS "order" FROM behind GROUP BY ALL
),
flow AS (
    SELECT
        v.*,
        CASE
            WHEN v.VBTYP_N = 'C' THEN v.VBELN
            WHEN v.VBTYP_V = 'C' THEN v.VBELV
            ELSE COALESCE(b."order", h."order")
        END AS "case"
    FROM VBFA v
    LEFT JOIN behind b ON b.document = v.VBELV AND b.item = v.POSNV AND b.category = v.VBTYP_V
    LEFT JOIN behind_head h ON h.document = v.VBELV AND h.category = v.VBTYP_V
)
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

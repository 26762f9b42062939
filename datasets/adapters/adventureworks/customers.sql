-- Resellers, and people who buy on the internet. The source has no payment terms.
SELECT ResellerAlternateKey AS customer, ResellerName AS name, BusinessType AS segment FROM DimReseller
UNION ALL
SELECT CustomerAlternateKey, FirstName || ' ' || LastName, 'Internet' FROM DimCustomer
ORDER BY customer

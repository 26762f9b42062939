"""The company as it is meant to be: plants, products, materials, accounts and their levels. All made up.

Aldermere Flow Control makes valves, pumps and actuators. Money is in cents unless a comment says otherwise.
"""

from __future__ import annotations

NAME = "Aldermere Flow Control"
CURRENCY = "EUR"
FOREIGN = "USD"

PLANTS = ("NORTH", "SOUTH", "EAST", "WEST")
UNITS = (*PLANTS, "HQ")
HQ = 4
UNIT_NAMES = {
    "COMPANY": "Aldermere Flow Control",
    "NORTH": "Plant North, Tilbrook",
    "SOUTH": "Plant South, Castelmare",
    "EAST": "Plant East, Lipnica",
    "WEST": "Plant West, Kilcarrow",
    "HQ": "Head office",
}
DOLLAR_PLANT = 3  # WEST invoices its customers in US dollars
SELLER, BUYER = 3, 0  # WEST makes the actuators that NORTH sells in its own market
TRANSFER_MARKUP = 8  # percent on standard cost

FAMILIES = ("Ball valves", "Gate valves", "Check valves", "Pumps", "Actuators")
# product, name, family, list price in 2023 (EUR)
PRODUCTS = (
    ("BV-015", "Ball valve DN15 brass", 0, 48),
    ("BV-025", "Ball valve DN25 brass", 0, 74),
    ("BV-040", "Ball valve DN40 steel", 0, 128),
    ("BV-050", "Ball valve DN50 steel", 0, 176),
    ("BV-080", "Ball valve DN80 stainless", 0, 295),
    ("BV-100", "Ball valve DN100 stainless", 0, 410),
    ("GV-050", "Gate valve DN50", 1, 142),
    ("GV-080", "Gate valve DN80", 1, 218),
    ("GV-100", "Gate valve DN100", 1, 304),
    ("GV-150", "Gate valve DN150", 1, 468),
    ("GV-200", "Gate valve DN200", 1, 690),
    ("CV-025", "Check valve DN25", 2, 66),
    ("CV-050", "Check valve DN50", 2, 118),
    ("CV-080", "Check valve DN80", 2, 196),
    ("CV-100", "Check valve DN100", 2, 278),
    ("PU-005", "Circulation pump 0.5 kW", 3, 245),
    ("PU-011", "Circulation pump 1.1 kW", 3, 360),
    ("PU-022", "Process pump 2.2 kW", 3, 585),
    ("PU-040", "Process pump 4 kW", 3, 840),
    ("PU-075", "Process pump 7.5 kW", 3, 1290),
    ("AC-010", "Actuator 10 Nm", 4, 210),
    ("AC-025", "Actuator 25 Nm", 4, 295),
    ("AC-060", "Actuator 60 Nm", 4, 430),
    ("AC-120", "Actuator 120 Nm", 4, 620),
)
# material, name, standard price (tenths of a EUR, so that standards come out in whole cents)
MATERIALS = (
    ("M01", "Carbon steel bar, kg", 24),
    ("M02", "Brass bar, kg", 72),
    ("M03", "Stainless castings, kg", 82),
    ("M04", "Iron castings, kg", 21),
    ("M05", "Steel castings, kg", 36),
    ("M06", "Seals, set", 38),
    ("M07", "Bearings, set", 64),
    ("M08", "Copper winding, kg", 113),
    ("M09", "Gear steel, kg", 46),
    ("M10", "Electronics, set", 175),
    ("M11", "Coating, kg", 52),
    ("M12", "Packaging, set", 11),
)
# family: materials and the share of the material cost each has
BILLS_OF_MATERIAL = (
    ((1, 0.55), (2, 0.25), (5, 0.20)),
    ((3, 0.45), (4, 0.40), (10, 0.15)),
    ((4, 0.60), (5, 0.25), (11, 0.15)),
    ((3, 0.35), (7, 0.45), (6, 0.20)),
    ((8, 0.35), (9, 0.50), (0, 0.15)),
)
MATERIAL_SHARE, LABOUR_SHARE, OVERHEAD_SHARE = 0.345, 0.090, 0.185  # of the list price
LABOUR_RATE = 3200  # standard cents an hour

# plant: family -> share of its sales
FAMILY_SHARES = ({0: 0.50, 1: 0.36, 4: 0.14}, {0: 0.60, 2: 0.40}, {3: 0.66, 2: 0.34}, {3: 0.56, 4: 0.44})
PRODUCT_SHARES = {
    4: (0.32, 0.28, 0.24, 0.16),
    5: (0.18, 0.25, 0.24, 0.19, 0.14),
    6: (0.14, 0.20, 0.20, 0.18, 0.16, 0.12),
}
SALES = (2_900_000, 2_100_000, 2_300_000, 1_900_000)  # EUR a month when the run-up begins
ORDERS = (150, 115, 108, 92)  # customer orders a month
SEASONS = (  # by family, January to December
    (0.93, 0.96, 1.08, 1.10, 1.07, 1.03, 0.98, 0.84, 1.07, 1.09, 1.02, 0.83),
    (0.90, 0.94, 1.06, 1.12, 1.11, 1.05, 1.00, 0.85, 1.08, 1.10, 1.00, 0.79),
    (0.97, 0.98, 1.05, 1.05, 1.03, 1.02, 0.98, 0.87, 1.05, 1.07, 1.04, 0.89),
    (0.84, 0.90, 1.02, 1.12, 1.22, 1.21, 1.12, 0.98, 0.98, 0.94, 0.88, 0.79),
    (0.96, 0.97, 1.03, 1.02, 1.02, 1.02, 0.99, 0.90, 1.04, 1.06, 1.07, 0.92),
)
FAMILY_GROWTH = (-0.010, -0.030, 0.015, 0.040, 0.075)  # units a year: the mix shifts
PLANT_GROWTH = (0.010, -0.005, 0.015, 0.020)
PRICE_RISE = (0.028, 0.020, 0.015, 0.030, 0.025)  # each January, by family
INFLATION = 0.026  # wages and services, a year

# plants: availability, speed, first-pass and final quality of the machines
AVAILABILITY = (0.83, 0.80, 0.82, 0.81)
SPEED = (0.92, 0.88, 0.90, 0.89)
FIRST_PASS = (0.955, 0.925, 0.942, 0.935)
FINAL_GOOD = (0.985, 0.966, 0.976, 0.972)
COVER_MONTHS = (1.30, 1.55, 1.20, 1.45)  # finished stock aimed at, in months of forecast
MATERIAL_COVER = (0.35, 0.50, 0.35, 0.45)
FORECAST_BIAS = (0.015, -0.015, 0.020, 0.015)
SHIPPING_DELAY = (0.050, 0.085, 0.055, 0.065)  # share of lines the warehouse ships late for its own reasons
RETURNS = (0.011, 0.022, 0.014, 0.017)  # share of deliveries of which something comes back

# resource, plant, families (and, for ball valves and pumps at two lines, the sizes it makes)
RESOURCES = (
    ("N-L1", 0, 0, (0, 1, 2)),
    ("N-L2", 0, 0, (3, 4, 5)),
    ("N-L3", 0, 1, (6, 7, 8, 9, 10)),
    ("S-L1", 1, 0, (0, 1, 2, 3, 4, 5)),
    ("S-L2", 1, 2, (11, 12, 13, 14)),
    ("E-L1", 2, 3, (15, 16, 17)),
    ("E-L2", 2, 3, (18, 19)),
    ("E-L3", 2, 2, (11, 12, 13, 14)),
    ("W-L1", 3, 3, (15, 16, 17, 18, 19)),
    ("W-L2", 3, 4, (20, 21, 22, 23)),
)
SHIFT_HOURS = (16, 16, 20, 16, 16, 20, 16, 16, 20, 20)  # hours a working day, by resource
LOAD = (0.82, 0.82, 0.82, 0.82, 0.80, 0.83, 0.82, 0.80, 0.76, 0.74)  # of the hours, at the start
CREW = (7, 7, 9, 8, 6, 10, 8, 6, 10, 9)  # people at a resource

SEGMENTS = ("distributor", "industrial", "utility", "oem", "intercompany")
SEGMENT_TERMS = (30, 30, 45, 45, 30)
SEGMENT_DISCOUNTS = (12, 4, 3, 8, 0)  # percent, about
SEGMENT_CHANCES = (0.36, 0.30, 0.16, 0.18)
CUSTOMERS = 26  # a plant, at the start
NEW_CUSTOMERS = 3  # a plant and year

# supplier, name, country VAT percent, terms, lead days, mean days late, share rejected, price factor
SUPPLIERS = (
    ("S01", "Norland Stahl", 20, 45, 16, 0.0, 0.010, 1.00),
    ("S02", "Metallwerk Iller", 20, 45, 18, 0.5, 0.012, 0.99),
    ("S03", "Ottone Brescia", 0, 45, 20, 0.5, 0.012, 1.01),
    ("S04", "Brasstech Ostrava", 0, 60, 22, 1.0, 0.020, 0.99),
    ("S05", "Inox Guss Ravensberg", 20, 45, 20, 0.5, 0.010, 1.00),
    ("S06", "Fonderie Charleval", 0, 45, 21, 0.5, 0.014, 1.00),
    ("S07", "Odlewnia Sanok", 0, 60, 22, 0.5, 0.015, 0.99),
    ("S08", "Dichtung und Form", 20, 30, 12, -0.5, 0.006, 1.01),
    ("S09", "Rolvik Bearings", 0, 45, 16, 0.0, 0.006, 1.00),
    ("S10", "Cuprum Draht", 20, 45, 18, 0.5, 0.008, 1.00),
    ("S11", "Zahnrad Weiler", 20, 45, 20, 0.5, 0.010, 1.01),
    ("S12", "Elektra Components", 0, 60, 24, 1.0, 0.012, 0.98),
    ("S13", "Lakbox Packaging", 20, 30, 10, -0.5, 0.004, 1.00),
    ("S14", "Dravsko Metal", 0, 60, 26, 1.5, 0.030, 1.00),  # the cheap one: see the truth about purchasing
)
MATERIAL_SUPPLIERS = (  # main and second supplier of each material
    (0, 1), (2, 3), (4, 5), (6, 5), (5, 6), (7, 12), (8, 7), (9, 11), (10, 0), (11, 9), (12, 7), (12, 7),
)  # fmt: skip
MAIN_SHARE = 0.70
SERVICES = (  # supplier, name, terms
    ("V01", "Fährmann Logistik", 30),
    ("V02", "Service partners", 30),
    ("V03", "Power and Gas Union", 14),
    ("V04", "Maintenance and tooling", 30),
    ("V05", "Estates and sundries", 30),
    ("V06", "Media and fairs", 30),
    ("V07", "Systems and advisers", 30),
    ("V08", "Laboratory supplies", 30),
    ("V09", "Machine builders", 45),
)

"""The scenarios of sipp_scenarios/, and what checks them."""

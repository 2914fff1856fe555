"""奖补拨付 rule tables: a closed vocabulary, loaded as data, off until an operator checks them."""

def test_a_model_goes_from_registration_to_production(mlreg, model_file):
    mlreg("init")
    mlreg("register", "fraud", str(model_file()), "--metric", "auc=0.9")
    mlreg("promote", "fraud", "1.0.0", "--to", "production")
    assert mlreg("list", "--json").document["models"][0]["stages"] == {"production": "1.0.0"}

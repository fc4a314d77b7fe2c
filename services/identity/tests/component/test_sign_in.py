async def test_sign_in(station):
    tokens = await station.sign_in("ana")
    assert tokens.officer == "countries/FJI/officers/ana"
    me = await station.me(station.bearing(tokens.access_token))
    assert me.officer.email == "ana.vakatale@police.example.fj"

"""Columns that by their names hold personal data or secrets; only names are looked at, never values."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from caveagent_magic.injection.card import labels
from caveagent_magic.injection.cells import is_table
from caveagent_magic.injection.levels import Privacy
from caveagent_magic.pattern import pattern

# In English, German, French, Spanish, Italian, Portuguese, Polish and Dutch; without accents.
SURE = frozenset(
    """
    email mail emails courriel correo telephone phone mobile cell telefon telefono telefone telefoon
    handy fax ssn socialsecurity nino passport passeport pasaporte reisepass paszport pesel nif dni
    cpf bsn steuernummer iban bic swift creditcard cardnumber kreditkarte cvv cvc kontonummer
    accountnumber password passwd pwd passwort kennwort motdepasse contrasena senha haslo wachtwoord
    secret token apikey credential credentials privatekey salary wage wages income gehalt lohn
    einkommen salaire salario stipendio wynagrodzenie salaris birthday birthdate dob dateofbirth
    birth geburtsdatum geburtstag naissance nacimiento nascita urodzenia firstname lastname surname
    fullname vorname nachname familienname prenom nomdefamille apellido apellidos cognome sobrenome
    imie nazwisko achternaam voornaam username patient diagnosis diagnose disease icd religion
    ethnicity race gender sex sexualorientation street address addresses adresse anschrift strasse
    direccion indirizzo endereco adres zip zipcode postcode postalcode plz latitude longitude ip
    ipaddress
    """.split()  # noqa: SIM905
)
# These only say something beside others.
UNSURE = frozenset({"name", "nom", "nombre", "nome", "naam", "imiona", "age", "alter", "city", "id"})
PERSONS = frozenset(
    """
    patient customer client employee user person member student kunde mitarbeiter staff
    """.split()  # noqa: SIM905
)
COUNTED = frozenset(
    {"count", "counts", "n", "num", "number", "total", "mean", "avg", "sum", "rate", "share", "id"}
)
SPLIT = pattern(r"[^a-z0-9]+")
HUMP = pattern(r"(?<=[a-z0-9])(?=[A-Z])")


def suspects(names: Mapping[str, object], privacy: Privacy) -> tuple[str, ...]:
    """Entries `table.column` that look as if they should be hidden and are not yet dealt with."""
    dealt_with = {*privacy.hidden, *privacy.shown, *(alias.entry for alias in privacy.aliases)}
    return tuple(
        entry
        for name, obj in names.items()
        if is_table(obj) and name not in privacy.hidden_names
        for column in _suspect(labels(obj))
        if (entry := f"{name}.{column}") not in dealt_with
        and column not in privacy.hidden_columns(name)
        and all(column != alias.label for alias in privacy.aliases)
    )


def _suspect(columns: Iterable[str]) -> Iterator[str]:
    plain = [(column, column.strip("'")) for column in columns]
    sure = [own for own, column in plain if _is_personal(column)]
    for own, column in plain:
        if own in sure or (sure and _words(column) == ("name",)):
            yield own.strip("'")


def _is_personal(column: str) -> bool:
    words = _words(column)
    if set(words) & COUNTED and not set(words) & {"number"}:
        return False
    joined = {
        "".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1)
    }
    if set(words) & PERSONS and set(words) & UNSURE:
        return True
    return bool(joined & (SURE - PERSONS))


def _words(column: str) -> tuple[str, ...]:
    """`PatientName`, `patient_name`, `prénom` → their words, in ASCII."""
    plain = unicodedata.normalize("NFKD", HUMP.sub("_", column.replace("ß", "ss").replace("ł", "l")))
    return tuple(filter(None, SPLIT.split("".join(c for c in plain if not unicodedata.combining(c)).lower())))

"""Phrases that messages between police services are made of, in four languages; `{}` stands for a name, a number, a place or a moment.

Written for this purpose: nothing here is of a real case.
"""

from __future__ import annotations

PHRASES = {
    "en": """The vessel {} left {} at {} and has not been reported since
        We request information on {} who is believed to be the owner of the vessel
        The suspect was identified by a witness and questioned by officers at {}
        A search of the cabin and the engine room found {} kilograms of drugs hidden in packets under the fuel tank
        The passport with the number {} was seized by customs at the airport on arrival from {}
        According to the statement of the crew the container was opened at the wharf during the night
        The account {} at the local bank received several transfers from a foreign company
        Please confirm whether the person is known to your service or was recorded at the border before {}
        The patrol aircraft observed the boat by radar in position {} on course {} at a speed of {} knots
        The director of the company is charged and was released by the court until {}
        His brother and his wife live near the market in the village and use the telephone number {}
        A warrant for the arrest of the driver was issued this morning and is valid in all member countries
        The evidence is kept in a locker; photographs and the report of the inspector follow with this message
        It is possible that the same yacht was used in previous months with another name and flag
        The passengers had no luggage, carried cash in foreign money and gave different reasons for their departure
        Further assistance is urgent because the prison sentence of the accused ends in {}
        The address in the file was wrong: the house stands on the road to the harbour, south of the hotel
        This information must not be passed on without the consent of the country that it came from
        The fishing boat {} under the flag of {} had switched off its transponder for {} hours near the island
        The cousin of the suspect was detained yesterday evening at {} together with two members of the crew
        We have no further record of this document, and ask you to check the number again
        The hull was damaged and the captain asked for help by radio at about {} local time
        Customs found weapons and ammunition in the car of the broker who works for the shipping company
        The inquiry continues; the commander will answer your questions within the week""",
    "fr": """Le navire {} a quitté {} à {} et n'a plus été signalé depuis
        Nous demandons des renseignements sur {} qui serait le propriétaire du bateau
        Le suspect a été identifié par un témoin et interrogé par les agents de police à {}
        La perquisition de la cabine et de la salle des machines a permis de trouver {} kilogrammes de stupéfiants cachés dans la coque
        Le passeport numéro {} a été saisi par la douane à l'aéroport à l'arrivée de {}
        Selon la déclaration de l'équipage le conteneur a été ouvert sur le quai pendant la nuit
        Le compte {} à la banque locale a reçu plusieurs virements d'une société étrangère
        Veuillez confirmer si cette personne est connue de vos services ou enregistrée à la frontière avant le {}
        La patrouille a observé le voilier au radar à la position {} cap {} vitesse {} noeuds
        Le directeur de la société est détenu sur mandat du tribunal jusqu'au {}
        Son frère et son épouse habitent une maison près du marché du village, téléphone {}
        La photographie, la preuve et le rapport de l'inspecteur suivent avec ce message
        Une réponse urgente est demandée car l'enquête se termine avant la fin du mois
        Les passagers avaient de l'argent en espèces dans leurs bagages et pas de documents
        Cette information ne peut être transmise sans l'accord du pays dont elle vient
        Le conducteur, un cousin du suspect, a été libéré hier soir après une semaine de prison
        Le bateau de pêche avait du carburant pour plusieurs semaines et se trouvait au nord de l'île
        L'adresse possible est sur la route du port ; elle n'a pas été confirmée""",
    "es": """El buque {} salió de {} a las {} y no ha sido señalado desde entonces
        Solicitamos información sobre {} que sería el propietario del barco
        El sospechoso fue identificado por un testigo e interrogado por los agentes de policía en {}
        En el registro del camarote se encontraron {} kilogramos de drogas en paquetes ocultos en el casco
        El pasaporte número {} fue incautado por la aduana en el aeropuerto a la llegada de {}
        Según la declaración de la tripulación el contenedor se abrió en el muelle durante la noche
        La cuenta {} en el banco local recibió varias transferencias de una empresa extranjera
        Rogamos confirmar si esta persona es conocida o está registrada en la frontera antes del {}
        La patrulla observó el velero por radar en la posición {} rumbo {} velocidad {} nudos
        El director de la empresa está detenido por orden del tribunal hasta el {}
        Su hermano y su esposa viven en una casa cerca del mercado del pueblo, teléfono {}
        La fotografía, la prueba y el informe del inspector siguen con este mensaje
        La respuesta es urgente porque la investigación termina antes de fin de mes
        Los pasajeros llevaban dinero en efectivo en su equipaje y ningún documento
        Esta información no se puede transmitir sin el acuerdo del país del que viene
        El conductor, primo del sospechoso, fue liberado ayer por la tarde tras una semana en prisión
        El barco de pesca tenía combustible para varias semanas y estaba al norte de la isla
        La dirección posible está en el camino del puerto; no ha sido confirmada""",
    "ar": """غادرت السفينة {} ميناء {} في الساعة {} ولم يصل عنها تقرير منذ ذلك
        نطلب معلومات عن {} الذي قد يكون مالك القارب
        تعرف شاهد على المشتبه به واستجوبه ضابط من الشرطة في {}
        في تفتيش المقصورة عثر على {} كيلوغرام من مخدرات مخفية في طرد تحت خزانة الوقود
        ضبط جواز رقم {} عند وصول المسافر إلى المطار من {}
        حسب إفادة الطاقم فتحت الحاوية على الرصيف في الليل
        تلقى الحساب {} في مصرف محلي أكثر من تحويل من شركة أجنبية
        هل هذا الشخص معروف أو مسجل عندكم قبل {}
        شاهدت دورية من طائرة اليخت على الرادار في موقع {} مسار {} سرعة {}
        مدير الشركة محتجز بأمر من المحكمة حتى {}
        أخ المشتبه به وزوجة له في بيت قرب سوق القرية هاتف رقم {}
        صورة ودليل وتقرير المفتش مع هذه الرسالة
        الجواب عاجل لأن التحقيق ينتهي قبل آخر الشهر
        كان مع كل مسافر مال نقد في أمتعة ولا جواز له
        صيد وجزيرة ومغادرة وجمارك وسائق ومحرك وعائلة وسجن وطلب ومساعدة وعنوان وطريق وأمس وأسبوع وشهر وصباح ومساء وشمال وجنوب وشرق وغرب""",
}
# Names, apart by semicolons.
NAMES = {
    "first": """Sione; Mele; Tevita; Ana; Josefa; Litia; Samuela; Mere; Ratu; Adi; Hans; Marie; Pierre; Lucie; Juan; Carmen;
        Ahmed; Layla; John; Grace; Peter; Ruth; Kalani; Leilani; Tomasi; Salote""",
    "last": """Tupou; Fonua; Vakatawa; Naulu; Tamani; Waqa; Kepu; Moala; Taufa; Lealea; Toleafoa; Kalo; Natapei; Sope;
        Kilman; Temaru; Flosse; Smith; Brown; Wilson; Chen; Garcia; Martin; Hassan; Maka; Lolo""",
    "places": """Suva; Nadi; Lautoka; Nuku'alofa; Apia; Honiara; Port-Vila; Tarawa; Majuro; Koror; Palikir; Alofi; Avarua;
        Papeete; Nouméa; Funafuti; Yaren; Lae; Auckland; Sydney; Brisbane; Guam""",
    "vessels": """Pacific Star; Ocean Spirit; Blue Marlin; Sea Queen; Southern Cross; Fortuna; Lucky Wave; Golden Reef;
        Esperanza; Tui Moana; Lady Grace; Coral Wind""",
}

"""The doors of an exam's results: one transaction and one answer each."""

import asyncio
from functools import partial

from telegram import Update

from bot import exports
from bot.context import Context, Routes
from bot.members.views import export_kept
from bot.message import Edit, Message, StaleButton, Toast
from bot.quiz import analysis, analysis_views, exporting, regrading, reports, resits, results_views, review, workbook
from bot.quiz.result_facts import Overview, Report
from bot.quiz.rules import Regrading

# -- one's own ---------------------------------------------------------------------------------------------------------


async def own_score(_: Update, context: Context) -> None:
    facts = await context.read(review.own_score, context.press.number(0))
    await context.say(Edit(results_views.own_score(facts)))


async def fault(_: Update, context: Context) -> None:
    found = await context.read(review.fault, context.press.number(0), context.press.number(1))
    await context.say(Edit(results_views.fault(found)))


# -- of authors --------------------------------------------------------------------------------------------------------


async def report(_: Update, context: Context) -> None:
    found = await context.read(reports.report, context.press.number(0), context.press.number(1))
    await context.say(Edit(_report(found)))


def _report(found: Report | Overview) -> Message:
    return results_views.report(found) if isinstance(found, Report) else results_views.overview(found)


async def names(_: Update, context: Context) -> None:
    place = context.press
    found = await context.read(reports.names, place.number(0), place.number(1))
    await context.say(Edit(results_views.names(found, place.number(2))))


async def items(_: Update, context: Context) -> None:
    found = await context.read(analysis.look, context.press.number(0))
    await context.say(Edit(analysis_views.analysis(found, context.press.number(1))))


async def item(_: Update, context: Context) -> None:
    found = await context.read(analysis.item, context.press.number(0), context.press.number(1))
    await context.say(Edit(analysis_views.item(found)))


async def file(_: Update, context: Context) -> None:
    found = await context.read(exporting.gather, context.press.number(0), context.press.number(1))
    data = await asyncio.to_thread(workbook.render, found)
    deliver = partial(context.transact, exporting.deliver, found)
    folder = exports.folder(context.deps.config)
    kept = await exports.hand_over(folder, exporting.documents(found, data), deliver, now=context.now())
    await context.say(export_kept(kept) if kept else Toast(analysis_views.on_its_way()))


# -- 补考 --------------------------------------------------------------------------------------------------------------


async def resit(_: Update, context: Context) -> None:
    await context.say(Edit(analysis_views.resit(await context.read(resits.plan, context.press.number(0)))))


async def publish_resit(_: Update, context: Context) -> None:
    done = await context.transact(resits.publish, context.press.number(0))
    await context.say(Edit(analysis_views.resit_published(done)))


# -- 改答案, 改判 ------------------------------------------------------------------------------------------------------


async def rekey(_: Update, context: Context) -> None:
    place = context.press
    form = await context.read(regrading.key_form, place.number(0), place.number(1), place.word(2))
    await context.say(Edit(analysis_views.key_form(form)))


async def save_key(_: Update, context: Context) -> None:
    place = context.press
    found = await context.transact(regrading.correct, place.number(0), place.number(1), place.word(2))
    await context.say(Edit(analysis_views.regrade(found)))


async def regrade(_: Update, context: Context) -> None:
    place = context.press
    found = await context.read(regrading.preview, place.number(0), place.number(1), _decision(place.number(2)))
    await context.say(Edit(analysis_views.regrade(found)))


async def decide(_: Update, context: Context) -> None:
    place = context.press
    done = await context.transact(regrading.decide, place.number(0), place.number(1), _decision(place.number(2)))
    await context.say(Edit(analysis_views.regraded(done)))


def _decision(number: int) -> Regrading:
    try:
        return Regrading(number)
    except ValueError:
        raise StaleButton from None


ROUTES = Routes(
    presses={
        "quiz:score": own_score,
        "quiz:fault": fault,
        "quiz:report": report,
        "quiz:names": names,
        "quiz:items": items,
        "quiz:item": item,
        "quiz:file": file,
        "quiz:resit": resit,
        "quiz:resitgo": publish_resit,
        "quiz:rekey": rekey,
        "quiz:keyset": save_key,
        "quiz:regrade": regrade,
        "quiz:decide": decide,
    },
)
